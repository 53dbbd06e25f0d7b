# SPDX-License-Identifier: Apache-2.0
# Completion of stek(1) for bash. Works with and without the package bash-completion.

_stek_run_dir() {
    local i
    for ((i = 1; i < ${#COMP_WORDS[@]}; i++)); do
        if [[ ${COMP_WORDS[i]} == --run-dir && $i -lt $COMP_CWORD ]]; then
            echo "${COMP_WORDS[i + 1]}"
            return
        fi
    done
    echo '@RUN_DIR@'
}

_stek_rings() {
    local file
    for file in "$(_stek_run_dir)"/*.ring; do
        [[ -e $file ]] || continue
        file=${file##*/}
        echo "${file%.ring}"
    done
}

_stek_units() {
    systemctl list-unit-files --no-legend --plain --type=service 2>/dev/null | cut -d' ' -f1
}

# The command on the line, if it is complete already.
_stek_command() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --run-dir) ((i++)) ;;
            -*) ;;
            *)
                echo "${COMP_WORDS[i]}"
                return
                ;;
        esac
    done
}

_stek_options() {
    case $1 in
        status) echo '--json --follow' ;;
        revoke) echo '--all --key --before --this-host --yes' ;;
        fleet) echo '--json --rotate --accept --remove' ;;
        inspect) echo '--ring --json' ;;
        report) echo '--ring --since --json' ;;
        enable) echo '--ring --group --context --override --verified-peers --session-id-context --names --module --system --force --dry-run --root' ;;
        doctor | inventory) echo '--json' ;;
        disable) echo '--dry-run --root' ;;
        openssl-cnf) echo '--ring --rotate --accept --ahead --max-session-age --context --override --verified-peers --session-id-context --names --early-data --required --module --system' ;;
        audit) echo '@AUDIT_OPTIONS@' ;;
        feed) echo '--config --check-config --state-dir --json --all' ;;
        keyfile) echo '--server --ticket --max-age --json --from --to --key --ring --context' ;;
    esac
    echo '--run-dir --help'
}

_stek() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command words=
    command=$(_stek_command)
    COMPREPLY=()
    case $before in
        --run-dir | --root | --state-dir)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        --module | --system | --config)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --ring) words="$(_stek_rings) private" ;;
        --group) words=$(compgen -g) ;;
        --override | --required) words='yes no' ;;
        --verified-peers) words='as-openssl same-configuration' ;;
        --session-id-context) words='program ring' ;;
        --names) words='same any' ;;
        --early-data) words='once as-is never' ;;
        --server | --from | --to) words='@LAYOUTS@' ;;
        --key | --before | --since | --context | --rotate | --remove | --accept | --ahead | --max-session-age) return ;;
        *)
            if [[ $word == -* ]]; then
                words=$(_stek_options "$command")
            else
                case $command in
                    '') words='@COMMANDS@' ;;
                    status | rotate | revoke) words=$(_stek_rings) ;;
                    enable | disable) words=$(_stek_units) ;;
                    feed) words='status wipe' ;;
                    fleet) words='init status rekey seed' ;;
                    keyfile)
                        mapfile -t COMPREPLY < <(compgen -W 'lint convert export' -- "$word"; compgen -f -- "$word")
                        return
                        ;;
                    inspect)
                        mapfile -t COMPREPLY < <(compgen -f -- "$word")
                        return
                        ;;
                esac
            fi
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _stek stek
