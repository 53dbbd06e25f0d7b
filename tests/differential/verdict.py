# SPDX-License-Identifier: Apache-2.0
"""
Decides what is a difference. No input or output: two observations go in, kinds of difference come
out. The measure is always the same program without stek.
"""
from seen import Difference, Journey

ADMITS = "admits"  # plain refuses the client, stek lets it in
RESUMES = "resumes"  # plain shakes hands in full, stek resumes, and somebody's identity hangs on it
IDENTITY = "identity"  # the server takes the client for somebody else
BREAKS = "breaks"  # plain serves the client, stek ends the connection
LOSES = "loses"  # plain resumes, stek does not
LONGER = "longer"  # stek promises its ticket a longer life
CRASH = "crash"  # a process of the server died
MISCOUNTS = "miscounts"  # stek's counter of session ids is not what the clients saw
UNTESTED = "untested"  # the comparison proves nothing: no control, or stek was not there

KINDS = {
    ADMITS: "lets in whom plain refuses",
    RESUMES: "resumes where plain does not",
    IDENTITY: "another peer than without stek",
    BREAKS: "alert or end where plain serves",
    LOSES: "full handshake where plain resumes",
    LONGER: "a ticket promised a longer life",
    CRASH: "a process died",
    MISCOUNTS: "session ids counted wrongly",
    UNTESTED: "nothing was compared",
}


def kinds(journey, plain, stek, full):
    """
    The kinds of difference between two observations of one journey, worst first. `full` is what a
    full handshake gives there without stek: nobody is worse off who gets that in place of a
    resumption.
    """
    found = []
    same = (bool(stek.refused), stek.answer)
    expected = {(bool(plain.refused), plain.answer)}
    if not stek.resumed:
        expected.add((bool(full.refused), full.answer))
    if same not in expected:
        found.append(_how_it_differs(plain, stek))
    if stek.resumed and not plain.resumed and not journey.may_share:
        found.append(RESUMES)
    if plain.resumed and not stek.resumed and BREAKS not in found:
        found.append(LOSES)
    if stek.hint_s > plain.hint_s > 0:
        found.append(LONGER)
    return found


def _how_it_differs(plain, stek):
    if plain.refused and not stek.refused:
        return ADMITS
    if stek.refused and not plain.refused:
        return BREAKS
    return IDENTITY


def detail(plain, stek):
    """What differs, in a few words."""
    if plain.refused != stek.refused:
        return f"plain: {plain.refused or 'served'}; stek: {stek.refused or 'served'}"
    if plain.answer != stek.answer:
        return f"plain: {plain.answer or '(nothing)'}; stek: {stek.answer or '(nothing)'}"
    if plain.resumed != stek.resumed:
        return ""
    return f"plain: {plain.hint_s} s; stek: {stek.hint_s} s"


def compare(arm, plain, stek):
    """The differences between two runs of one server; each is a dictionary of journeys."""
    found = []
    for journey in {**plain, **stek}:
        before, after = plain.get(journey), stek.get(journey)
        if after is None:
            if before.resumed:
                found.append(Difference(arm, LOSES, journey, "stek gave no session to offer"))
        elif before is None:
            if after.resumed and not journey.may_share:
                found.append(Difference(arm, RESUMES, journey, "plain gave no session to offer"))
        else:
            full = plain.get(journey.full_handshake(), before)
            found += [
                Difference(arm, kind, journey, detail(before, after))
                for kind in kinds(journey, before, after, full)
            ]
    return found


def crashes(arm, server, plain_deaths, stek_deaths):
    """Deaths of a server's processes that only stek's runs have."""
    if plain_deaths:
        return [_of_server(arm, UNTESTED, server, f"plain dies, too: {plain_deaths[0]}")]
    return [_of_server(arm, CRASH, server, death) for death in stek_deaths]


def miscounts(server, group, seen, counted):
    """Whether stek counted as many resumptions by session id as the clients saw. Only stekd's ring
    shows its counters."""
    text = f"{group}: resumed by session id {seen}, counted {counted}"
    return [] if seen == counted else [_of_server("host", MISCOUNTS, server, text)]


def controls(server, plain, mapped, *, resumes=True):
    """What makes the comparison void: plain never resumed, or a program did not load stek.

    `mapped` tells for each arm whether stek was seen in the server's memory.
    """
    found = []
    if plain and resumes and not any(seen.resumed for seen in plain.values()):
        found.append(_of_server("plain", UNTESTED, server, "plain never resumes"))
    if plain and all(seen.refused for seen in plain.values()):
        found.append(_of_server("plain", UNTESTED, server, "plain never answers"))
    for arm, loaded in mapped.items():
        if loaded != (arm != "plain"):
            found.append(_of_server(arm, UNTESTED, server, f"stek loaded: {loaded}"))
    return found


def _of_server(arm, kind, server, text):
    return Difference(arm, kind, Journey(server, "", "", "", "", "", ""), text)
