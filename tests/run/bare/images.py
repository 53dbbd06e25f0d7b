# SPDX-License-Identifier: Apache-2.0
"""The images of the Containerfile as a builder makes them (buildah), and what the manifests start
with them, in containers (runc): stekd as the keeper of a ring, nginx as a server that uses it."""

import shlex

from command import run
from copytree import mirror_tree

FOLDER = "examples/kubernetes"
NEEDS = "buildah runc openssl"
# The archive that this machine uses, instead of what a registry calls by that name.
BASE = "docker.io/library/debian"

# Prints whom an image runs as.
USER = "buildah inspect --type image --format '{{.OCIv1.Config.User}}'"
BUILD = {
    "a base": (
        "c=$(buildah from scratch) && "
        "buildah add --quiet $c /srv/base.tar / && "
        "buildah commit --quiet --rm $c {base}"
    ),
    "image stekd": (
        "cd /srv/tree && "
        "buildah bud --isolation chroot --pull-never --layers --file {file} --target stekd "
        "--tag stekd . && "
        "{user} stekd | grep -x 7300:7300"
    ),
    "image nginx": (
        "cd /srv/tree && "
        "buildah bud --isolation chroot --pull-never --layers --file {file} --target nginx "
        "--tag stek-nginx . && "
        "{user} stek-nginx | grep -x 33:33"
    ),
}

# What both lines below begin with. `alone`: buildah knows no supplementary groups.
WORDS = r"""
run() { buildah run --runtime runc --isolation oci --network host --user 0:0 "$@"; }
alone() {
    echo "setpriv --reuid $1 --regid $1 --groups $2 --no-new-privs" \
        "--bounding-set=-all --inh-caps=-all"
}
soon() {
    n=0
    until "$@" >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 600 ] || return 1; sleep 0.1; done
}
first() { grep -lx "$1" /proc/[0-9]*/comm | cut -d/ -f3 | sort -n | head -n1; }
visit() { openssl s_client -connect localhost:8443 -tls1_2 "$@" </dev/null 2>/dev/null; }
visited() { soon visit && visit "$@" | grep -oE '^(New|Reused)'; }
"""

PODS = (
    WORDS
    + r"""
mkdir -p /run/stek /var/lib/stek /srv/tls
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout /srv/tls/tls.key \
    -out /srv/tls/tls.crt 2>/dev/null
chown -R {server_user} /srv/tls
keeper=$(buildah from --pull-never stekd)
server=$(buildah from --pull-never stek-nginx)
rings="-v /run/stek:/run/stek -v /var/lib/stek:/var/lib/stek -v /srv/stekd:/etc/stek:ro"
run $rings $keeper -- {folders}
run $rings $keeper -- $(alone {keeper_user} {group}) {keeper} &
soon test -e /run/stek/web.ring
serve() {
    run --env OPENSSL_CONF={conf} -v /run/stek:/run/stek:ro \
        -v /run/stek/web.stats:/run/stek/web.stats -v /srv/nginx:/etc/stek-nginx:ro \
        -v /srv/tls:/etc/tls:ro $server -- $(alone {server_user} {group}) {server} &
    served=$!
}
serve
test "$(visited -sess_out /srv/s.pem)" = New
for program in stekd nginx; do
    grep -P '^Seccomp:\t2$' /proc/$(first $program)/status
    grep -P '^CapEff:\t0+$' /proc/$(first $program)/status
done
test "$(readlink /proc/$(first stekd)/ns/pid)" != "$(readlink /proc/$(first nginx)/ns/pid)"
kill $(first nginx)
wait $served || true
serve
test "$(visited -sess_in /srv/s.pem)" = Reused
run $rings $keeper -- $(alone {keeper_user} {group}) stek status web --json >/srv/status.json
cat /srv/status.json
grep '"processes": 2,' /srv/status.json
"""
)


def manifest(root, name):
    """The configuration and the pod of a manifest."""
    import yaml  # pylint: disable=import-outside-toplevel  # of a package that tests need

    _, settings, last = yaml.safe_load_all((root / FOLDER / name).read_text())
    return settings["data"], last["spec"]["template"]["spec"]


def place(chroot, name, data):
    folder = chroot.root / "srv" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in data.items():
        (folder / file).write_text(text)


def pods(root, chroot):
    """The line that starts what the manifests start; their configurations are placed."""
    (kept, keeper), (served, server) = manifest(root, "stekd.yaml"), manifest(root, "nginx.yaml")
    place(chroot, "stekd", kept)
    place(chroot, "nginx", served)
    words = {
        "folders": shlex.join(keeper["initContainers"][0]["command"]),
        "keeper": shlex.join(keeper["containers"][0]["command"]),
        "server": shlex.join(server["containers"][0]["command"]),
        "conf": server["containers"][0]["env"][0]["value"],
        "keeper_user": keeper["securityContext"]["runAsUser"],
        "server_user": server["securityContext"]["runAsUser"],
        "group": server["securityContext"]["supplementalGroups"][0],
    }
    line = PODS
    for word, value in words.items():
        line = line.replace(f"{{{word}}}", str(value))
    return line


def prepare(root, pristine, chroot):
    """The tree, and a bare system as an archive."""
    mirror_tree(root, chroot.root / "srv/tree")
    return run(
        ["tar", "-C", pristine.root, "--exclude=./dev/*", "-cf", chroot.root / "srv/base.tar", "."],
        "/",
        limit_s=600,
    )


def lines(release):
    """{what: a line of shell}, in order, for the chroot."""
    known = {"base": f"{BASE}:{release.name}", "file": f"{FOLDER}/Containerfile", "user": USER}
    install = f"apt-get update && apt-get -y --no-install-recommends install {NEEDS}"
    return {"a builder": install, **{what: line.format(**known) for what, line in BUILD.items()}}
