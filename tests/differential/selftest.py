#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each kind of difference is noticed, what is no difference is not, and the table keeps its
width."""
import unittest
from dataclasses import replace

import known
import report
import scenes
import verdict
from seen import Difference, Journey, Seen

CROSS = Journey("server", "peers", "cross", "1.3 ticket", "alice", "one", "two", "without")
FULL = Seen(answer="200 nobody")
RESUMED = Seen(resumed=True, answer="200 alice")
REFUSED = Seen(refused="alert")


def kinds(plain, stek, full=FULL, journey=CROSS):
    return verdict.kinds(journey, plain, stek, full)


class Kinds(unittest.TestCase):
    def test_the_same_is_no_difference(self):
        for seen in (FULL, RESUMED, REFUSED):
            self.assertEqual(kinds(seen, seen), [])

    def test_a_client_that_plain_refuses_is_let_in(self):
        self.assertEqual(kinds(REFUSED, RESUMED), [verdict.ADMITS, verdict.RESUMES])

    def test_a_refused_client_is_let_in_by_a_full_handshake(self):
        self.assertEqual(kinds(REFUSED, FULL, REFUSED), [verdict.ADMITS])

    def test_a_resumption_that_plain_refuses(self):
        self.assertEqual(kinds(FULL, replace(FULL, resumed=True)), [verdict.RESUMES])

    def test_a_resumption_counts_although_the_server_refuses_it_later(self):
        self.assertEqual(kinds(REFUSED, replace(REFUSED, resumed=True)), [verdict.RESUMES])

    def test_sharing_where_nobody_is_verified_is_wanted(self):
        shared = replace(CROSS, may_share=True)
        self.assertEqual(kinds(FULL, replace(FULL, resumed=True), journey=shared), [])

    def test_sharing_does_not_excuse_another_identity(self):
        shared = replace(CROSS, may_share=True)
        self.assertEqual(kinds(FULL, RESUMED, journey=shared), [verdict.IDENTITY])

    def test_another_peer(self):
        other = replace(RESUMED, answer="200 bob")
        self.assertEqual(kinds(RESUMED, other), [verdict.IDENTITY])

    def test_an_alert_that_plain_does_not_give(self):
        self.assertEqual(kinds(RESUMED, REFUSED), [verdict.BREAKS])
        self.assertEqual(kinds(FULL, REFUSED), [verdict.BREAKS])

    def test_a_lost_resumption(self):
        self.assertEqual(kinds(RESUMED, FULL), [verdict.LOSES])

    def test_a_full_handshake_has_to_be_one_that_plain_would_do(self):
        other = replace(FULL, answer="200 bob")
        self.assertEqual(kinds(RESUMED, other), [verdict.IDENTITY, verdict.LOSES])

    def test_a_ticket_promised_a_longer_life(self):
        plain, stek = replace(FULL, hint_s=300), replace(FULL, hint_s=7200)
        self.assertEqual(kinds(plain, stek), [verdict.LONGER])
        self.assertEqual(kinds(stek, plain), [])


class Runs(unittest.TestCase):
    def found(self, plain, stek):
        return [d.kind for d in verdict.compare("host", plain, stek)]

    def test_no_session_where_plain_gave_one(self):
        self.assertEqual(self.found({CROSS: RESUMED}, {}), [verdict.LOSES])

    def test_no_session_where_plain_gave_one_that_does_not_resume(self):
        self.assertEqual(self.found({CROSS: REFUSED}, {}), [])
        self.assertEqual(self.found({CROSS: FULL}, {}), [])

    def test_a_session_that_plain_did_not_give(self):
        self.assertEqual(self.found({}, {CROSS: RESUMED}), [verdict.RESUMES])
        self.assertEqual(self.found({}, {CROSS: FULL}), [])

    def test_what_a_full_handshake_gives_is_looked_up(self):
        first = CROSS.full_handshake()
        self.assertEqual((first.step, first.client, first.source), ("first", "nobody", "two"))
        same = {first: REFUSED}
        self.assertEqual(
            self.found({**same, CROSS: RESUMED}, {**same, CROSS: REFUSED}), [verdict.LOSES]
        )

    def test_a_journey_is_the_same_whether_it_may_share_or_not(self):
        shared = replace(CROSS, may_share=True)
        self.assertEqual(self.found({CROSS: FULL}, {shared: FULL}), [])

    def test_a_death(self):
        crashes = verdict.crashes("host", "server", [], ["signal 11"])
        self.assertEqual([d.kind for d in crashes], [verdict.CRASH])

    def test_a_server_that_dies_plain_proves_nothing(self):
        crashes = verdict.crashes("host", "server", ["signal 11"], ["signal 11"])
        self.assertEqual([d.kind for d in crashes], [verdict.UNTESTED])

    def test_a_session_id_that_was_not_counted(self):
        self.assertEqual(verdict.miscounts("server", "peers", 3, 3), [])
        for counted in (2, 4):
            found = verdict.miscounts("server", "peers", 3, counted)
            self.assertEqual([(d.arm, d.kind) for d in found], [("host", verdict.MISCOUNTS)])

    def test_controls(self):
        loaded = {"plain": False, "private": True, "host": True}
        self.assertEqual(verdict.controls("server", {CROSS: RESUMED}, loaded), [])
        for plain, mapped in (
            ({CROSS: FULL}, loaded),
            ({CROSS: replace(REFUSED, resumed=True)}, loaded),
            ({CROSS: RESUMED}, {**loaded, "plain": True}),
            ({CROSS: RESUMED}, {**loaded, "host": False}),
        ):
            found = verdict.controls("server", plain, mapped)
            self.assertEqual([d.kind for d in found], [verdict.UNTESTED])


class Sharing(unittest.TestCase):
    def test_the_same_names_where_nobody_is_verified(self):
        a, again, b = scenes.NAMES[:3]
        self.assertTrue(scenes.may_share(scenes.NAMES, a, again))
        self.assertFalse(scenes.may_share(scenes.NAMES, a, b))

    def test_nothing_in_a_program_that_verifies_somebody(self):
        place = scenes.PEERS[0]
        self.assertEqual(place.verify, "none")
        self.assertFalse(scenes.may_share(scenes.PEERS, place, place))

    def test_not_under_another_server_name(self):
        a, b = (replace(place, cert="a") for place in scenes.OPEN_HOSTS)
        self.assertFalse(scenes.may_share((a, b), a, b))


class Known(unittest.TestCase):
    def setUp(self):
        self.found = Difference("host", verdict.LOSES, CROSS)

    def test_an_entry_has_to_match_in_every_field(self):
        good = {"kind": "loses", "server": "ser*", "arm": "host", "journey": "peers: cross,*"}
        self.assertEqual(known.split([self.found], [known.Known("why", **good)])[0], [])
        for field in good:
            entry = known.Known("why", **{**good, field: "other"})
            unknown, used = known.split([self.found], [entry])
            self.assertEqual((unknown, used), ([self.found], set()))

    def test_every_entry_has_a_reason(self):
        for entry in known.KNOWN:
            self.assertGreater(len(entry.reason), 20)


class Table(unittest.TestCase):
    def test_no_line_is_longer_than_80_columns(self):
        long = replace(CROSS, client="c" * 90)
        text = report.table([Difference("host", verdict.CRASH, long, "d" * 200)] * 9, 5)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertIn("and 4 more", text)


if __name__ == "__main__":
    unittest.main()
