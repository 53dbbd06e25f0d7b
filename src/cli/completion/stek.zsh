#compdef stek
# SPDX-License-Identifier: Apache-2.0
# Completion of stek(1) for zsh.

_stek_rings() {
    local dir=${opt_args[--run-dir]:-$stek_run_dir}
    local -a rings
    rings=($dir/*.ring(N:t:r))
    _describe -t rings ring rings
}

_stek_units() {
    local -a units
    units=(${(f)"$(systemctl list-unit-files --no-legend --plain --type=service 2>/dev/null | cut -d' ' -f1)"})
    _describe -t units unit units
}

_stek_commands() {
    local -a commands
    commands=(
        'status:show rings, their keys and their ticket counts'
        'rotate:make the next key of a ring the active one now'
        'revoke:destroy keys of a ring in every process now'
        'fleet:the same keys on every host\: make a key for it, look at it'
        'inspect:show which key sealed a ticket, and when'
        'report:say whether keys rotated as they should, and who ordered what'
        'inventory:list the keys of this host, their periods and algorithms'
        'enable:make a systemd service share the keys of a ring'
        'disable:take that back'
        'audit:test from outside how servers treat their tickets'
        'keyfile:check and write the ticket key files of other servers'
        'feed:keep the keys of servers that cannot load stek in step with a ring'
        'openssl-cnf:print an OpenSSL configuration that loads stek into a program'
    )
    _describe -t commands command commands
}

_stek() {
    local context state state_descr line
    typeset -A opt_args
    local -a common cnf
    common=('--run-dir[where stekd keeps its rings]:directory:_files -/' '--help[help]')
    cnf=('--context[what tickets must not cross]:label:' '--override[whether stek wins over the program]:answer:(yes no)'
         '--verified-peers[how far verified clients resume]:reach:(as-openssl same-configuration)'
         '--session-id-context[whose counts]:whose:(program ring)'
         '--names[which server names a ticket serves]:names:(same any)'
         '--module[the stek.so to load]:file:_files' '--system[the configuration to include]:file:_files')

    _arguments -C -A '-*' $common '--version[version]' '1:command:_stek_commands' '*::argument:->arguments'
    local stek_run_dir=${opt_args[--run-dir]:-@RUN_DIR@} # before the command; after it, _stek_rings sees
    [[ $state == arguments ]] || return
    case $line[1] in
        status) _arguments $common '--json[for programs]' '--follow[again every second]' '1:ring:_stek_rings' ;;
        rotate) _arguments $common '1:ring:_stek_rings' ;;
        revoke)
            _arguments $common '--all[every key]' '--key[one key]:key:' '--before[keys that sealed before]:time:' \
                '--this-host[on this host, also without the store]' \
                '--yes[do not ask]' '1:ring:_stek_rings'
            ;;
        fleet) _arguments $common '--json[for programs]' '--rotate[how long a key seals]:time:' \
            '--accept[how long it opens]:time:' '--remove[the host that goes]:host:' '1:what:(init status rekey seed)' '*:file:_files' ;;
        keyfile)
            _arguments $common '--server[which server reads it]:layout:(@LAYOUTS@)' '--ticket[try the keys on it]:file:_files' \
                '--max-age[the oldest that keys may be]:time:' '--json[for programs]' '--from[the layout it has]:layout:(@LAYOUTS@)' \
                '--to[the layout to write]:layout:(@LAYOUTS@)' '--key[which key]:number:' '--ring[the ring]:ring:_stek_rings' \
                '--context[the label of its keys]:label:' '1:what:(lint convert export)' '*:file:_files'
            ;;
        feed) _arguments $common '--config[the configuration]:file:_files' '--check-config[only check it]' \
            '--state-dir[where it says how it is]:directory:_files -/' '--json[for programs]' \
            '--all[wipe the keys of all feeds]' '1:what:(status wipe)' ;;
        inspect) _arguments $common '--ring[whose keys to try]:ring:_stek_rings' '--json[for programs]' '1:file:_files' ;;
        inventory) _arguments $common '--json[for programs]' ;;
        report) _arguments $common '--ring[this ring only]:ring:_stek_rings' '--since[the period until now]:time:' '--json[for programs]' ;;
        enable)
            _arguments $common $cnf '--ring[the ring to share]:ring:_stek_rings' '--group[who may read it]:group:_groups' \
                '--force[also for a ring that is not there]' \
                '--dry-run[only print]' '--root[the system is there]:directory:_files -/' '1:unit:_stek_units'
            ;;
        doctor) _arguments $common '--json[for programs]' '*:unit:_stek_units' ;;
        disable)
            _arguments $common '--dry-run[only print]' '--root[the system is there]:directory:_files -/' '1:unit:_stek_units'
            ;;
        openssl-cnf)
            _arguments $common $cnf '--ring[the ring to share]:ring:_stek_rings' '--rotate[how long a key seals]:time:' \
                '--accept[how long it opens afterwards]:time:' '--ahead[keys held ready]:number:' \
                '--max-session-age[longest chain of resumptions]:time:' \
                '--early-data[how often a ticket brings early data]:answer:(once as-is never)' \
                '--required[no tickets without a ring]:answer:(yes no)'
            ;;
        audit)
            local -a audit
            audit=(@AUDIT_OPTIONS@)
            _arguments $common $audit '*:target:_hosts'
            ;;
    esac
}

_stek "$@"
