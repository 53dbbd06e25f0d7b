#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the sync on purpose, one line at a time, and demands that the simulation notices.

Each mutant is the sources with one replacement, built apart and run over seeds until one fails:
from 1 on, or from where what it takes comes together.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEEDS = 400

# Twenty-three faults that hundreds of seeds do not show have unit tests. In test_fleet_sync.c:
# going on with continuations of what was superseded, leaving gaps, a floor that counts only while
# it stands there, and holding nothing ahead when nothing is published. In test_fleet_revoke_here.c:
# a revocation on one host that leaves what only opens, lets the next key wait for its time, leaves
# a gap before it, does not tell the store what begins earlier, or leaves ends that only this host
# has. In test_epochs.c: ending an epoch while other clocks may still be in it, or by a clock that
# the store does not confirm. In test_fleet_order.c: a record that began early and does not begin as
# published when what stands before it is back, an old copy that keeps its end, a put or a rotation
# by hand that makes the store's records go backwards, a retired record that ends the chain when its
# key is gone, what came out of order and is not read again, or not when it fits, and an old copy
# that stays in the store. In test_fleet_histories.c: a gap that hides what follows from a revoked
# key, a floor that takes what continues its own fresh key, what continues another fresh key at the
# floor and is replaced where that key is known, and a floor that is obeyed when the next
# transaction has taken what came with it.

# What is broken; perhaps the first seed; the file; the text that stands there; what stands there
# instead; and perhaps another file.
MUTANTS = [
    (
        "puts without if-absent",
        "tests/sim/store.c",
        "        if (write->put[i].expect != 0 &&",
        "        if (write->put[i].expect > STEK_TIME_MAX &&",
        "tests/sim/store.c",
        "if (!is_settled(store, write->based_on))",
        "if (false)",
    ),
    (
        "puts without looking at the floor",
        "tests/sim/store.c",
        "if (write->floor_expect != 0 && write->floor_expect != store->floor_revision)",
        "if (write->floor_expect < 0)",
        "tests/sim/store.c",
        "if (!is_settled(store, write->based_on))",
        "if (false)",
    ),
    (
        "puts although the ring has changed",
        1293,
        "src/fleet/rules/publish.c",
        "ret_write->based_on = sync->view.revision;",
        "ret_write->based_on = INT64_MAX;",
    ),
    (
        "fresh bytes for a seq that is settled",
        "src/core/schedule.c",
        "if (next.active_until - now > policy->rotate_s / 2) {",
        "if (true) {",
        "src/fleet/rules/decide.c",
        "        result = hold_next(sync, now);",
        "        result = STEK_OK;",
        "src/fleet/rules/decide.c",
        "if (last != NULL && last->active_from <= now) /* see",
        "if (false) /* see",
    ),
    (
        "the floor of a ring may fall",
        "src/fleet/rules/sync.c",
        "    if (floor < sync->floor &&\n",
        "    sync->floor = floor;\n    if (floor < sync->floor &&\n",
    ),
    (
        "the floor of the store may fall",
        "src/fleet/rules/publish.c",
        "ret_write->put_floor = !sync->view.floor_good || sync->view.floor < sync->floor ||",
        "ret_write->floor = sync->floor > 1 ? sync->floor - 1 : 1;\n"
        "    ret_write->put_floor = sync->floor > 0 ||",
    ),
    (
        "believes the clock of the put",
        "src/fleet/rules/adopt.c",
        "    clear_way(sync, &taken, now);\n    stek_records_insert(&sync->records, &taken);",
        "    clear_way(sync, &taken, now);\n    struct stek_record moved = taken;\n"
        "    moved.active_until += now % 7;\n    moved.accept_until += now % 7;\n"
        "    stek_records_insert(&sync->records, &moved);",
    ),
    (
        "seals before the store has said yes",
        "src/fleet/rules/decide.c",
        "    sync->writing = true;\n    actions->write = true;\n",
        "    sync->writing = actions->write = true;\n    for (uint32_t i = 0; i < sync->out.count; i++)\n"
        "        if (stek_records_find(&sync->records, sync->out.put[i].record.seq) == NULL)\n"
        "            stek_records_insert(&sync->records, &sync->out.put[i].record);\n",
    ),
    (
        "its own continuation wins over what is published",
        "src/fleet/rules/adopt.c",
        "        sync->diverged = true;\n",
        "        sync->diverged = true;\n        return;\n",
    ),
    (
        "forgets what it sealed while it was cut off",
        "src/fleet/rules/adopt.c",
        "if (may_have_sealed(sync, record, now))",
        "if (record->active_from < 0)",
    ),
    (
        "forgets what it sealed before that was put back to its published time",
        5517,
        "src/fleet/rules/adopt.c",
        "return record->origin == STEK_ORIGIN_PUBLISHED ||\n",
        "return record->origin > STEK_ORIGIN_SUPERSEDED ||\n",
    ),
    (
        "a restored store that has gone on since is not believed",
        4021,
        "src/fleet/rules/sync.c",
        "    return is_read ? known > sync->view.read_revision : known > revision;",
        "    return known > revision;",
    ),
    (
        "a revocation leaves what follows from it",
        "src/fleet/rules/revoked.c",
        "(!rises || (record->seq >= floor && stek_adopt_is_held(sync, record)))",
        "(!rises || record->seq >= floor)",
    ),
    (
        "a revocation stops where a continuation begins",
        11109,
        "src/fleet/rules/sync.c",
        "if (records->at[i].origin == STEK_ORIGIN_PUBLISHED)\n            return",
        "if (stek_record_counts(&records->at[i]))\n            return",
        "src/fleet/rules/operate.c",
        "there->origin == STEK_ORIGIN_PUBLISHED && held(",
        "there->origin != STEK_ORIGIN_SUPERSEDED && held(",
    ),
    (
        "deletes what still opens",
        "src/fleet/rules/publish.c",
        "entry->accept_until + margin_s(sync) > now",
        "entry->active_from > now",
    ),
    (
        "deletes what it puts in the same transaction",
        "src/fleet/rules/publish.c",
        "        write->delete_below = record->seq;",
        "        write->delete_below = write->delete_below;",
    ),
    (
        "writes with a clock that is off",
        3463,
        "src/fleet/rules/publish.c",
        "           !sync->clock_off;",
        "           true;",
    ),
    (
        "what does not open keeps its place",
        "src/fleet/rules/sync.c",
        "        stek_sync_saw_record_deleted(sync, seq, revision);\n        return;\n    }\n"
        "    if (seq > 0 &&",
        "        struct stek_storeview_entry *it = stek_storeview_add(&sync->view, seq, now);\n"
        "        if (it != NULL) it->presence = STEK_PRESENCE_REFUSED, it->revision = revision;\n"
        "        return;\n    }\n    if (seq > 0 &&",
    ),
    (
        "a floor that does not open makes hosts read-only",
        "src/fleet/rules/publish.c",
        "           !sync->clock_off;",
        "           !sync->clock_off && (sync->view.floor_revision == 0 || sync->view.floor_good);",
    ),
    (
        "takes a continuation of what is revoked",
        "src/fleet/rules/revoked.c",
        "    if (record->origin != STEK_ORIGIN_CONTINUED ||\n",
        "    return false;\n    if (record->origin != STEK_ORIGIN_CONTINUED ||\n",
    ),
    (
        "takes what continues a revoked key that is gone",
        4117,
        "src/fleet/rules/revoked.c",
        "record->seq != floor + 1 || first == NULL ||",
        "record->seq != floor + 1 || true ||",
    ),
    (
        "what a floor revokes is in the way of what came with it",
        14863,
        "src/fleet/rules/revoked.c",
        "        if (mine == NULL || mine->origin != STEK_ORIGIN_CONTINUED)",
        "        if (true || mine == NULL)",
    ),
    (
        "what cannot be used keeps the place of what was published",
        5157,
        "src/fleet/rules/adopt.c",
        "(mine->origin == STEK_ORIGIN_PUBLISHED &&",
        "(mine->origin > STEK_ORIGIN_SUPERSEDED &&",
    ),
    (
        "waits for an earlier turn when a floor has left no key",
        6629,
        "src/fleet/rules/decide.c",
        "    if (sync->publish_at_ms - now_ms > width_ms)",
        "    if (sync->publish_at_ms - now_ms > sync->policy.rotate_s * 1000)",
    ),
    (
        "a rotation by hand takes promises back",
        "src/fleet/rules/operate.c",
        "    ended.active_until = now;\n",
        "    ended.active_until = now;\n    ended.accept_until = now + 1;\n",
    ),
    (
        "seals nothing until a record that was ended early begins",
        7198,
        "src/fleet/rules/decide.c",
        "<= ahead_s || stek_epoch_knows_time(sync))",
        "<= record->active_until - record->active_from)",
    ),
    (
        "seals nothing until a record begins that several revocations left",
        446,
        "src/fleet/rules/decide.c",
        "<= ahead_s || stek_epoch_knows_time(sync))",
        "<= ahead_s)",
    ),
    (
        "keeps retired records",
        "src/fleet/rules/adopt.c",
        "    stek_records_retire(&sync->records, now);\n",
        "",
        "src/core/schedule.c",
        "    stek_records_retire(records, now);\n    return STEK_OK;\n}\n\nstatic bool time_is_sane",
        "    return STEK_OK;\n}\n\nstatic bool time_is_sane",
    ),
    (
        "a revocation on one host is forgotten there",
        "src/fleet/rules/operate.c",
        "    sync->floor = floor;\n    sync->floor_ahead",
        "    sync->floor_ahead",
    ),
    (
        "a continuation opens no longer than another host published",
        8560,
        "src/fleet/rules/adopt.c",
        "    if (promised > taken.accept_until)",
        "    if (false)",
    ),
    (
        "seals a record under an epoch that ends before it retires",
        "src/fleet/rules/epoch.c",
        "return later(stek_epoch_at(record->accept_until), least);",
        "return least;",
    ),
    (
        "does not put the floor again each day",
        "src/fleet/rules/epoch.c",
        "return sync->view.floor_good && sync->view.floor_epoch <",
        "return false && sync->view.floor_epoch <",
    ),
    (
        "ends an epoch by this host's clock alone",
        "src/fleet/rules/epoch.c",
        "    return needed < sync->view.floor_epoch ? needed : sync->view.floor_epoch;",
        "    return needed;",
    ),
]


FLAGS = ["-O1", "-w", "-D_GNU_SOURCE", "-std=gnu11", "-Iinclude", "-Isrc"]


def sources():
    """What the simulation is made of, below the root. The files for OpenSSL 1.1.1 have twins."""
    folders = ("src/core", "src/crypto", "src/fleet/rules", "tests/sim")
    paths = [path for folder in folders for path in sorted((ROOT / folder).glob("*.c"))]
    paths += [ROOT / "tests/unit/fixtures/prng.c"]
    return [path.relative_to(ROOT) for path in paths if not path.stem.endswith("11")]


def object_of(folder, source):
    return folder / (str(source).replace("/", "_") + ".o")


def compile_to(target, source, folder):
    """Compiles a source, which may be a changed copy, as if it stood in the root."""
    include = f"-I{ROOT / folder}"
    subprocess.run(["cc", *FLAGS, include, "-c", "-o", target, source], cwd=ROOT, check=True)


def compile_all(folder):
    """The objects of the unchanged sources; what a mutant does not change is linked as it is."""
    for source in sources():
        compile_to(object_of(folder, source), source, source.parent)


def changed(changes):
    """The texts of the files that a mutant changes; the name of one whose change does not fit."""
    texts = {}
    for name, old, new in zip(changes[::3], changes[1::3], changes[2::3]):
        text = texts.get(name) or (ROOT / name).read_text()
        if text.count(old) != 1:
            return name
        texts[name] = text.replace(old, new)
    return texts


def what_fails(folder, first, seeds):
    """The seed that fails, and the invariant; None when all hold."""
    result = subprocess.run(
        ["./sim", "--seed", str(first), "--seeds", str(seeds)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=900,
    )
    found = re.match(r"seed (\d+) failed after \d+ steps: ([^:]+):", result.stdout)
    if found:
        return found.groups()
    if result.returncode != 0:
        return "?", f"status {result.returncode}"
    return None


def try_mutant(mutant, seeds, plain, start=1):
    """A line about the mutant, and whether it was noticed. `plain` holds the unchanged objects."""
    about, *changes = mutant
    first = changes.pop(0) if isinstance(changes[0], int) else start
    texts = changed(changes)
    if isinstance(texts, str):
        return f"{about}: {texts} has no such line, or several", False
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name, text in texts.items():
            copy = folder / pathlib.Path(name).name
            copy.write_text(text)
            compile_to(object_of(folder, name), copy, pathlib.Path(name).parent)
        places = {source: folder if str(source) in texts else plain for source in sources()}
        objects = [object_of(place, source) for source, place in places.items()]
        subprocess.run(["cc", "-o", folder / "sim", *objects, "-lcrypto"], check=True)
        failed = what_fails(folder, first, seeds)
    if failed is None:
        return f"{about}: NOT NOTICED in {seeds} seeds", False
    return f"{about}: noticed by seed {failed[0]} ({failed[1]})", True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first", type=int, help="the first seed, where a mutant names none")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    chosen = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as plain:
        compile_all(pathlib.Path(plain))
        for mutant in MUTANTS:
            if chosen.only in mutant[0]:
                line, noticed = try_mutant(
                    mutant, chosen.seeds, pathlib.Path(plain), chosen.first or 1
                )
                print(line, flush=True)
                good &= noticed
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
