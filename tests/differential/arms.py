# SPDX-License-Identifier: Apache-2.0
"""The three ways in which every program runs: plain, with a private ring, with stekd's ring."""
from ground import Stekd, module
from seen import ARMS


class Arms:
    """conf(arm, server): the file for OPENSSL_CONF, None without stek. One ring for each server."""

    def __init__(self, folder, servers):
        self.folder = folder
        self.stekd = Stekd(folder / "stekd", **{name: {} for name in servers})

    def __enter__(self):
        self.stekd.start()
        return self

    def __exit__(self, *_):
        self.stekd.close()

    def conf(self, arm, server):
        if arm == "plain":
            return None
        path = self.folder / f"{server}-{arm}.cnf"
        if not path.exists():
            module.compose(path, **({"ring": self.stekd.ring(server)} if arm == "host" else {}))
        return path

    def counted(self, server):
        """How many resumptions by session id stek has counted, with stekd's ring."""
        return self.stekd.status(server)["tickets"]["resumed_by_id"]


def pairs():
    """Each arm with stek."""
    return ARMS[1:]
