# SPDX-License-Identifier: Apache-2.0
"""What lies in the place of a fleet's certificates holds stekd up in nothing: it says which file is
what, once, and answers and rotates as before."""
import os
import socket
import threading

import pytest

from harness.faults.obstacles import fifo, hole, link
from harness.fleet import make_kek
from harness.process import wait_for
from harness.stekd import Stekd, check_config

WORDS = {
    fifo: "not a regular file",
    link: "not a regular file",
    hole: "longer than 4 MiB",
}


@pytest.fixture
def endpoint():
    """Somebody who takes connections, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = []

        def take():
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in taken:
            connection.close()


@pytest.fixture
def fleet(folder, endpoint, certificates):
    """The settings of [fleet]."""
    return {
        "endpoints": endpoint,
        "kek": make_kek(folder / "fleet.kek"),
        "ca": certificates.ca,
        "cert": certificates.server.cert,
        "key": certificates.server.key,
        "state": folder / "fleet-state",
    }


@pytest.mark.parametrize("make", WORDS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("setting", ["ca", "cert", "key"])
def test_what_is_no_certificate_is_one_line_and_rings_go_on(folder, fleet, setting, make):
    make(folder / "odd")
    fleet[setting] = folder / "odd"
    rings = {"far": {"source": "fleet"}, "web": {"rotate": "1s", "accept": "10s"}}
    with Stekd(folder / "stekd", fleet=fleet, **rings) as daemon:
        words = f"[fleet] {setting} = {folder / 'odd'}: {WORDS[make]}"
        wait_for(lambda: words in daemon.stderr(), "a word about the file")
        seq = daemon.status("web")["keys"][-1]["seq"]
        wait_for(lambda: daemon.status("web")["keys"][-1]["seq"] >= seq + 2, "rotations")
        assert daemon.stderr().count(words) == 1


def test_a_check_of_the_configuration_names_a_file_that_is_none(folder, fleet):
    os.mkfifo(folder / "odd")
    fleet["ca"] = folder / "odd"
    text = "[fleet]\n" + "".join(f"{name} = {value}\n" for name, value in fleet.items())
    status, said = check_config(folder, text + "[ring far]\nsource = fleet\n")
    assert status == 0 and "[fleet] ca = odd: not a regular file" in said, said
