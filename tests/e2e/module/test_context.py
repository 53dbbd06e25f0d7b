# SPDX-License-Identifier: Apache-2.0
"""What tickets must not cross: SSL_CTXs of one process share one ring, but not always their
tickets."""
from harness import module
from harness.programs import shares_tickets


def test_the_same_names_share(stek_conf, certificates):
    assert shares_tickets(stek_conf, certificates.server)


def test_another_certificate_for_the_same_names_shares(stek_conf, certificates):
    assert shares_tickets(stek_conf, certificates.server, certificates.renewed)


def test_other_names_do_not_share(stek_conf, certificates):
    assert not shares_tickets(stek_conf, certificates.server, certificates.other)


def test_in_a_program_that_verifies_peers_nothing_is_shared(stek_conf, certificates):
    assert not shares_tickets(stek_conf, certificates.server, ca=certificates.ca)


def test_a_label_replaces_the_names(folder, certificates):
    conf = module.compose(folder / "stek.cnf", context="all of us")
    assert shares_tickets(conf, certificates.server, certificates.other)


def test_control_openssls_own_keys_belong_to_one_ssl_ctx(certificates):
    assert not shares_tickets(None, certificates.server)
