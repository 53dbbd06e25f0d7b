# SPDX-License-Identifier: Apache-2.0
# Completion of stek(1) for fish.

function __stek_run_dir
    set -l words (commandline -opc)
    set -l at (contains -i -- --run-dir $words)
    if test -n "$at"; and test (count $words) -gt $at
        echo $words[(math $at + 1)]
    else
        echo '@RUN_DIR@'
    end
end

function __stek_rings
    for file in (__stek_run_dir)/*.ring
        string replace -r '.*/(.*)\.ring$' '$1' -- $file
    end
end

function __stek_units
    systemctl list-unit-files --no-legend --plain --type=service 2>/dev/null | string replace -r ' .*' ''
end

set -l commands @COMMANDS@
complete -c stek -f
complete -c stek -l run-dir -x -a '(__fish_complete_directories)' -d 'where stekd keeps its rings'
complete -c stek -l help -d 'help'
complete -c stek -n "not __fish_seen_subcommand_from $commands" -l version -d 'version'
for command in $commands
    complete -c stek -n "not __fish_seen_subcommand_from $commands" -a $command
end
complete -c stek -n '__fish_seen_subcommand_from status rotate revoke' -a '(__stek_rings)' -d ring
complete -c stek -n '__fish_seen_subcommand_from status report inventory doctor inspect fleet keyfile feed' -l json -d 'for programs'
complete -c stek -n '__fish_seen_subcommand_from status' -l follow -d 'again every second'
complete -c stek -n '__fish_seen_subcommand_from revoke' -l all -d 'every key'
complete -c stek -n '__fish_seen_subcommand_from revoke' -l key -x -d 'one key'
complete -c stek -n '__fish_seen_subcommand_from revoke' -l before -x -d 'keys that sealed before'
complete -c stek -n '__fish_seen_subcommand_from revoke' -l this-host -d 'on this host, also without the store'
complete -c stek -n '__fish_seen_subcommand_from revoke' -l yes -d 'do not ask'
complete -c stek -n '__fish_seen_subcommand_from report' -l since -x -d 'the period until now'
complete -c stek -n '__fish_seen_subcommand_from inspect keyfile' -F
complete -c stek -n '__fish_seen_subcommand_from keyfile' -a 'lint convert export'
complete -c stek -n '__fish_seen_subcommand_from feed' -a 'status wipe'
complete -c stek -n '__fish_seen_subcommand_from feed' -l config -r -F -d 'the configuration'
complete -c stek -n '__fish_seen_subcommand_from feed' -l check-config -d 'only check it'
complete -c stek -n '__fish_seen_subcommand_from feed' -l all -d 'wipe the keys of all feeds'
complete -c stek -n '__fish_seen_subcommand_from feed' -l state-dir -x -a '(__fish_complete_directories)' -d 'where it says how it is'
complete -c stek -n '__fish_seen_subcommand_from keyfile' -l server -x -a '@LAYOUTS@' -d 'which server reads it'
complete -c stek -n '__fish_seen_subcommand_from keyfile' -l ticket -r -F -d 'try the keys on it'
complete -c stek -n '__fish_seen_subcommand_from keyfile' -l max-age -x -d 'the oldest that keys may be'
complete -c stek -n '__fish_seen_subcommand_from keyfile' -l from -x -a '@LAYOUTS@' -d 'the layout it has'
complete -c stek -n '__fish_seen_subcommand_from keyfile' -l to -x -a '@LAYOUTS@' -d 'the layout to write'
complete -c stek -n '__fish_seen_subcommand_from keyfile' -l key -x -d 'which key'
complete -c stek -n '__fish_seen_subcommand_from inspect report enable openssl-cnf keyfile' -l ring -x -a '(__stek_rings)' -d 'the ring'
complete -c stek -n '__fish_seen_subcommand_from enable disable doctor' -a '(__stek_units)' -d unit
complete -c stek -n '__fish_seen_subcommand_from enable disable' -l dry-run -d 'only print'
complete -c stek -n '__fish_seen_subcommand_from enable disable' -l root -x -a '(__fish_complete_directories)' -d 'the system is there'
complete -c stek -n '__fish_seen_subcommand_from enable' -l force -d 'also for a ring that is not there'
complete -c stek -n '__fish_seen_subcommand_from enable' -l group -x -a '(__fish_complete_groups)' -d 'who may read the ring'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf keyfile' -l context -x -d 'what tickets must not cross'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf' -l override -x -a 'yes no' -d 'whether stek wins'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf' -l module -r -d 'the stek.so to load'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf' -l system -r -d 'the configuration to include'
complete -c stek -n '__fish_seen_subcommand_from openssl-cnf' -l rotate -x -d 'how long a key seals'
complete -c stek -n '__fish_seen_subcommand_from openssl-cnf' -l accept -x -d 'how long it opens afterwards'
complete -c stek -n '__fish_seen_subcommand_from openssl-cnf' -l ahead -x -d 'keys held ready'
complete -c stek -n '__fish_seen_subcommand_from openssl-cnf' -l max-session-age -x -d 'longest chain of resumptions'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf' -l verified-peers -x -a 'as-openssl same-configuration' -d 'how far verified clients resume'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf' -l session-id-context -x -a 'program ring' -d 'whose counts'
complete -c stek -n '__fish_seen_subcommand_from enable openssl-cnf' -l names -x -a 'same any' -d 'which server names a ticket serves'
complete -c stek -n '__fish_seen_subcommand_from openssl-cnf' -l early-data -x -a 'once as-is never' -d 'how often a ticket brings early data'
complete -c stek -n '__fish_seen_subcommand_from openssl-cnf' -l required -x -a 'yes no' -d 'no tickets without a ring'
for option in @AUDIT_OPTIONS@
    complete -c stek -n '__fish_seen_subcommand_from audit' -l (string sub -s 3 -- $option)
end
complete -c stek -n '__fish_seen_subcommand_from fleet' -a 'init status rekey seed'
complete -c stek -n '__fish_seen_subcommand_from fleet' -l rotate -x -d 'how long a key seals'
complete -c stek -n '__fish_seen_subcommand_from fleet' -l accept -x -d 'how long it opens'
complete -c stek -n '__fish_seen_subcommand_from fleet' -l remove -x -d 'the host that goes'
