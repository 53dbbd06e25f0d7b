# SPDX-License-Identifier: Apache-2.0
"""Runs steps beside each other: what mostly waits beside what computes."""

import multiprocessing
import signal

from outcome import Outcome, failure

# A process for each lane, so that the processor time of a step is its own.
FORK = multiprocessing.get_context("fork")


def run_lane(names, run_one, sender):
    """The steps of one lane in their order; sends each outcome as soon as it is known."""
    # A Ctrl-C reaches all processes; the parent passes it on, once, so that nothing disturbs the
    # clean-up. A handler that does nothing is not inherited by commands, ignoring would be.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        for name in names:
            sender.send((name, run_one(name)))
    except KeyboardInterrupt:
        pass


def collect(process, receiver, names):
    """The outcomes of one lane. A step that its process did not live to end has failed."""
    found = {}
    try:
        while len(found) < len(names):
            name, outcome = receiver.recv()
            found[name] = outcome
    except EOFError:
        pass
    process.join()
    return [found.get(name) or failure(f"{name}: did not end", "") for name in names]


def start(names, run_one):
    """Starts one lane. Returns its process and the end of the pipe that its outcomes come from."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=run_lane, args=(names, run_one, sender))
    process.start()
    sender.close()
    return process, receiver, names


def run_lanes(lanes, run_one):
    """Runs each lane's steps in turn, and the lanes beside each other. Returns the sum."""
    total = Outcome()
    running = [start(names, run_one) for names in lanes if names]
    try:
        for lane in running:
            for outcome in collect(*lane):
                total.add(outcome)
    finally:
        end(running)
    return total


def end(running):
    """Ends lanes that still run, politely: each stops what it has started."""
    for process, _, _ in running:
        if process.is_alive():
            process.terminate()
    for process, _, _ in running:
        process.join()
