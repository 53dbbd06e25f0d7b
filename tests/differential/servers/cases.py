# SPDX-License-Identifier: Apache-2.0
"""
A C program of the tests, server and clients in one, for what no real server does (cases/). Each
scene is a process of its own, and a second process to which its sessions are offered.
"""
import subprocess
import threading

from ground import build, libcryptos, plain_environment
from seen import Journey, Seen

PROGRAM = build.BUILD / "tests/differential/cases/cases"
LINKS = {".trust": lambda files: files.trust, ".chain": lambda files: _of_clients(files, "chain")}
TIMEOUT_S = 300
_once = threading.Lock()  # the three arms begin at the same time
# These run with another libcrypto in the process, too.
WITH_OTHER_LIBCRYPTO = ("names", "reload")
OTHER = ", other libcrypto"


def _of_clients(files, what):
    return {name: getattr(client, what) for name, client in files.clients.items() if client}


def _link(path, target):
    with _once:
        if not path.exists():
            path.symlink_to(target)


class Cases:
    """Takes the place of a driver where there is no server to start."""

    name = "cases"
    plain_resumes = True
    sees_ring = True

    @staticmethod
    def groups_of(short):
        """The scenes, and some of them again."""
        listed = subprocess.run(
            [PROGRAM, "list", *(["short"] if short else [])],
            check=True,
            capture_output=True,
            text=True,
            env=plain_environment(),
        ).stdout.split()
        return listed + [scene + OTHER for scene in listed if scene in WITH_OTHER_LIBCRYPTO]

    @staticmethod
    def files(certificates):
        """The folder where the program looks for its files, under the names that it knows."""
        folder = certificates.folder / "cases"
        folder.mkdir(exist_ok=True)
        for name, identity in certificates.servers.items():
            _link(folder / f"server-{name}.crt", identity.cert)
            _link(folder / f"server-{name}.key", identity.key)
        for end, named in LINKS.items():
            for name, path in named(certificates).items():
                _link(folder / f"{name}{end}", path)
        for name, path in _of_clients(certificates, "key").items():
            _link(folder / f"{name}.key", path)
        _link(folder / "A.crl", certificates.crl)
        return folder

    @classmethod
    def take(cls, folder, certificates, conf, group, *, short):
        """(what was seen, deaths, the objects that were loaded, resumptions by session id) of a
        scene."""
        scene, _, other = group.partition(OTHER[:2])
        folder.mkdir()
        more = [libcryptos.extension_once(certificates.folder / "other.so")] if other else []
        seen, deaths, objects, resumed_by_id = {}, [], set(), 0
        for mode in ("run", "restart"):
            word = {"run": "short", "restart": "short-restart"}[mode] if short else mode
            argv = [PROGRAM, word, scene, cls.files(certificates), folder / "kept", *more]
            done = subprocess.run(
                [str(arg) for arg in argv],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT_S,
                env=plain_environment(OPENSSL_CONF=conf),
                check=False,
            )
            if done.returncode != 0:
                deaths.append(f"{scene}: {mode}: status {done.returncode}: {done.stderr[-300:]}")
            for line in done.stdout.splitlines():
                if line.startswith("object\t"):
                    objects.add(line.split("\t")[1])
                else:
                    journey, what = cls.parse(group, line)
                    seen[journey] = what
                    resumed_by_id += line.endswith("\tid")
        return seen, deaths, objects, resumed_by_id

    @classmethod
    def parse(cls, group, line):
        """A line of the program's."""
        step, mechanism, client, source, target, offer, share, *saw = line.split("\t")
        refused, resumed, answer, hint_s, _ = saw
        journey = Journey(
            server=cls.name,
            group=group,
            step=step,
            mechanism=mechanism,
            client=client,
            source=source,
            target=target,
            offer=offer,
            may_share=share == "1",
        )
        return journey, Seen(refused, resumed == "1", answer.strip(), int(hint_s))
