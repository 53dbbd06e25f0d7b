#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Boots systemd as process 1 of namespaces of its own, on a copy of this system that is forgotten at the end (an overlay
# in memory), with what was built installed, unless it shall stay bare. Called in a mount namespace of its own.
#   boot.sh FOLDER BUILD install|bare
set -e
if [ "$4" != inside ]; then
    if ! mountpoint -q /; then
        # A chroot. The kernel changes only roots that are mounts.
        mkdir "$1/host"
        trap 'umount -l "$1/host"' EXIT
        mount --rbind / "$1/host"
        mount --make-rprivate "$1/host"
        chroot "$1/host" "$0" "$@"
        exit
    fi
    mount --make-rprivate /
    mkdir "$1/cgroup"
    mount -t cgroup2 cgroup "$1/cgroup"
    group="$1/cgroup/stek-test-$$"
    mkdir "$group"
    trap 'find "$group" -depth -type d -exec rmdir {} +' EXIT
    (
        echo $BASHPID >"$group/cgroup.procs"
        exec unshare --mount --pid --fork --cgroup --uts --ipc --net --kill-child "$0" "$1" "$2" "$3" inside
    )
    exit
fi
mkdir "$1/memory"
mount -t tmpfs memory "$1/memory"
mkdir "$1"/memory/{upper,work,root}
root="$1/memory/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/memory/upper,workdir=$1/memory/work" overlay "$root"
[ "$3" = bare ] || DESTDIR="$root" meson install -C "$2" --no-rebuild --quiet
install "$2/tests/tools/ticket-client" "$root/usr/local/bin/"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
mount -t tmpfs run "$root/run"
mount -t tmpfs tmp "$root/tmp"
mount -t tmpfs dev "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root"/dev/{shm,pts,mqueue,hugepages} "$root/old"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
cd "$root"
pivot_root . old
umount -l /old
ip link set lo up
exec env -i container=test PATH="$PATH" /usr/lib/systemd/systemd --unit=basic.target --show-status=no
