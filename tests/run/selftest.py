#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The counting itself: what runs is counted once, and nothing that fails is counted as passed."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest
import unittest.mock

import builds
from command import ENDED_LATE, end_like_ctrl_c, environment, run
from helgrind import of_stek
from lanes import run_lanes
from openssl_suite import cases
from outcome import Outcome, cmocka_cases, from_pytest, program_outcome
from steps import checked, lint_result

RACE = """\
==7== ----------------------------------------------------------------
==7== 
==7== Possible data race during write of size 8 at 0x5 by thread #4
==7==    at 0x4: {0} (in /usr/lib/libssl.so.3)
==7==    by 0x1: {1} (somewhere.c:190)
==7== This conflicts with a previous read of size 8 by thread #2
==7==    at 0x4: ??? (in /usr/lib/libssl.so.3)
==7==  Address 0x5 is 8 bytes inside a block of size 48 alloc'd
==7==    at 0x4: {2} (somewhere.c:190)
==7== 
"""

TWO_GROUPS = """\
[==========] Running 2 test(s).
[ RUN      ] one
[       OK ] one
[ RUN      ] two
words of the test itself: [       OK ] two, it says
test_x.c:7: error: Failure!
[  FAILED  ] two
[==========] 2 test(s) run.
[  PASSED  ] 1 test(s).
[  FAILED  ] tests: 1 test(s), listed below:
[  FAILED  ] two
[==========] Running 2 test(s).
[ RUN      ] one
half a line without an end[       OK ] one
[ RUN      ] three
[  SKIPPED ] three
[==========] 2 test(s) run.
"""


def report(output, status=0, result="OK"):
    return {"name": "stek:unit / x", "stdout": output, "returncode": status, "result": result}


class Races(unittest.TestCase):
    def test_only_those_of_stek_over_memory_of_openssl_count(self):
        ours = RACE.format("SSL_SESSION_set_timeout", "stek_ticket_gen_cb", "SSL_SESSION_new")
        libssls = RACE.format("???", "main", "SSL_SESSION_new")
        own_memory = RACE.format("stek_words_store", "stek_ticket_gen_cb", "stek_ring_new")
        self.assertEqual(len(of_stek(libssls + ours + own_memory + ours)), 2)
        self.assertEqual(of_stek(libssls + own_memory), [])
        self.assertEqual(of_stek(""), [])


ITERATION = """\
    # ERROR: (string) 'result->result_session_ticket_app_data == \
test_ctx->expected_session_ticket_app_data' failed @ ssl_test.c:208
    # --- result->result_session_ticket_app_data
    #    0:- '{found}'
"""
OTHER_ERROR = "    # ERROR: (int) 'result->result == expected' failed @ ssl_test.c:50\n"


class OpensslSuite(unittest.TestCase):
    @staticmethod
    def one(text):
        return cases(
            f"1..1\n    # Subtest: test_x\n{text}    not ok 1 - iteration 1\nnot ok 1 - test_x\n"
        )

    def test_iterations_and_plain_cases_count_once_each(self):
        self.assertEqual(
            cases(
                "ok 1 - test_a\n    # Subtest: test_b\n    ok 1 - iteration 1\n"
                "    not ok 2 - iteration 2\nnot ok 2 - test_b\n"
            ),
            {"test_a": True, "test_b 1": True, "test_b 2": False},
        )

    def test_appdata_of_stek_is_no_failure(self):
        self.assertEqual(self.one(ITERATION.format(found="stk..c.k")), {"test_x 1": True})

    def test_other_appdata_is_one(self):
        self.assertEqual(self.one(ITERATION.format(found="HelloWorld")), {"test_x 1": False})

    def test_appdata_excuses_no_other_error(self):
        text = ITERATION.format(found="stk..c.k") + OTHER_ERROR
        self.assertEqual(self.one(text), {"test_x 1": False})

    def test_no_error_excuses_nothing(self):
        self.assertEqual(self.one(""), {"test_x 1": False})


class Cmocka(unittest.TestCase):
    def test_groups_follow_each_other(self):
        self.assertEqual(
            cmocka_cases(TWO_GROUPS),
            [("one", "OK"), ("two", "FAILED"), ("one", "OK"), ("three", "SKIPPED")],
        )

    def test_counts_and_names(self):
        outcome = program_outcome(report(TWO_GROUPS, 1, "FAIL"))
        self.assertEqual(
            (outcome.passed, outcome.failed, outcome.skipped), (2, ["x: two"], ["x: three"])
        )
        self.assertIn("Failure!", outcome.output)

    def test_a_case_in_which_the_program_died(self):
        outcome = program_outcome(report("[ RUN      ] one\n", -6, "FAIL"))
        self.assertEqual((outcome.passed, outcome.failed), (0, ["x: one"]))

    def test_a_leak_after_the_last_case(self):
        outcome = program_outcome(report("[ RUN      ] one\n[       OK ] one\nleak\n", 23, "FAIL"))
        self.assertEqual((outcome.passed, outcome.failed), (1, ["x: ended with FAIL, status 23"]))

    def test_figures_are_the_lines_that_say_so(self):
        outcome = program_outcome(
            report("[ RUN      ] one\nfigure: 7 ms\na figure: 8\n[       OK ] one\n")
        )
        self.assertEqual((outcome.passed, outcome.figures), (1, ["x: 7 ms"]))

    def test_another_kind_of_program(self):
        self.assertEqual(program_outcome(report("")).passed, 1)
        self.assertEqual(program_outcome(report("", 77, "SKIP")).skipped, ["x"])
        self.assertEqual(program_outcome(report("", 1, "FAIL")).failed, ["x"])
        timed_out = program_outcome(report("", 0, "TIMEOUT"))
        self.assertEqual((timed_out.passed, timed_out.failed), (0, ["x"]))


class Pytest(unittest.TestCase):
    def test_figures_are_properties_of_the_suite(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.xml"
            path.write_text(
                '<testsuites><testsuite><properties><property name="figure: kills" value="60 s"/>'
                '<property name="other" value="8"/></properties>'
                '<testcase classname="a" name="one"/></testsuite></testsuites>'
            )
            self.assertEqual(from_pytest(path, "").figures, ["kills: 60 s"])

    def test_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.xml"
            path.write_text(
                '<testsuites><testsuite><testcase classname="a" name="one"/>'
                '<testcase classname="a" name="two"><failure/></testcase>'
                '<testcase classname="a" name="three"><error/></testcase>'
                '<testcase classname="a" name="four"><skipped message="why"/></testcase>'
                '</testsuite></testsuites>'
            )
            outcome = from_pytest(path, "the words of pytest")
        self.assertEqual(
            (outcome.passed, outcome.failed, outcome.skipped),
            (1, ["a: two", "a: three"], ["a: four (why)"]),
        )


class Lint(unittest.TestCase):
    def test_a_check_passes_or_fails(self):
        self.assertEqual(lint_result("layers", 0, "").passed, 1)
        self.assertEqual(lint_result("layers", 1, "src/a.c: wrong\n").failed, ["lint: layers"])

    def test_one_that_could_not_look_at_everything_is_skipped_and_says_why(self):
        outcome = lint_result("layout", 77, "black 99: version 23 judges\n")
        self.assertEqual(outcome.skipped, ["lint: layout: black 99: version 23 judges"])
        self.assertEqual((outcome.passed, outcome.failed), (0, []))


class Runner(unittest.TestCase):
    def test_no_test_is_a_failure(self):
        self.assertEqual(checked(Outcome(), "suite x", 0, "").failed, ["suite x: no test ran"])

    def test_a_runner_that_ends_badly_is_a_failure(self):
        self.assertEqual(
            checked(Outcome(passed=3), "suite x", ENDED_LATE, "").failed,
            ["suite x: the runner ended with status 124"],
        )

    def test_a_failed_test_is_counted_once(self):
        self.assertEqual(checked(Outcome(passed=3, failed=["y"]), "suite x", 1, "").failed, ["y"])


class Sum(unittest.TestCase):
    """tests/run/ci adds up the parts."""

    def setUp(self):
        path = str(pathlib.Path(__file__).with_name("ci"))
        loader = importlib.machinery.SourceFileLoader("ci", path)
        self.ci = importlib.util.module_from_spec(importlib.util.spec_from_loader("ci", loader))
        loader.exec_module(self.ci)

    def part(self, script):
        with contextlib.redirect_stdout(io.StringIO()):
            return self.ci.run_part(["sh", "-c", script], "/")

    def test_the_last_line_of_counts_is_a_parts_result(self):
        self.assertEqual(
            self.part("echo 1 passed, 0 failed, 0 skipped; echo 5 passed, 0 failed, 2 skipped"),
            (5, 0, 2),
        )

    def test_a_part_that_fails_without_counting_it_is_one_failure(self):
        self.assertEqual(self.part("echo 5 passed, 0 failed, 2 skipped; exit 1"), (5, 1, 2))
        self.assertEqual(self.part("exit 2"), (0, 1, 0))

    def test_a_part_that_counts_nothing_has_failed(self):
        self.assertEqual(self.part("echo all is fine"), (0, 1, 0))

    def end(self, *scripts):
        self.ci.PARTS[:] = [["sh", "-c", script] for script in scripts]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            status = self.ci.main()
        return status, printed.getvalue().splitlines()[-1]

    def test_the_last_line_of_all_is_the_sum(self):
        self.assertEqual(
            self.end("echo 5 passed, 0 failed, 2 skipped", "echo 7 passed, 0 failed, 1 skipped"),
            (0, "12 passed, 0 failed, 3 skipped"),
        )

    def test_a_failure_of_any_part_fails_the_whole(self):
        for parts in (("exit 1", "echo 7 passed, 0 failed, 1 skipped"),):
            self.assertEqual(self.end(*parts), (1, "7 passed, 1 failed, 1 skipped"))
            self.assertEqual(self.end(*parts[::-1]), (1, "7 passed, 1 failed, 1 skipped"))


class Lanes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def wait_for(self, name):
        """Whether another lane has made that file."""
        deadline = time.monotonic() + 120  # other work may have the processors
        while not (self.folder / name).exists():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def test_lanes_run_beside_each_other(self):
        def step(name):
            (self.folder / name).touch()
            other = {"a": "c", "b": "a", "c": "a"}[name]
            return Outcome(passed=1) if self.wait_for(other) else Outcome(failed=[name])

        total = run_lanes([["a", "b"], ["c"]], step)
        self.assertEqual((total.passed, total.failed), (3, []))

    def test_steps_of_a_lane_whose_process_died_have_failed(self):
        def step(name):
            return os._exit(1) if name == "b" else Outcome(passed=1)

        total = run_lanes([["a", "b", "c"], ["d"]], step)
        self.assertEqual((total.passed, total.failed), (2, ["b: did not end", "c: did not end"]))

    def test_what_a_lane_has_started_ends_with_the_run(self):
        pid = self.folder / "pid"

        def step(_):
            run(["sh", "-c", f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60"], "/")

        def end_soon():
            self.wait_for("pid")
            os.kill(os.getpid(), signal.SIGINT)

        # Where the shell has put this into the background, it is ignored.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        ender = threading.Thread(target=end_soon)
        ender.start()
        end_like_ctrl_c()
        with self.assertRaises(KeyboardInterrupt):
            run_lanes([["a"]], step)
        ender.join()
        with self.assertRaises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


class Command(unittest.TestCase):
    def test_the_environment_is_clean(self):
        self.assertFalse(
            {"OPENSSL_CONF", "MAKEFLAGS", "http_proxy", "LD_PRELOAD"} & set(environment())
        )

    def test_status_and_output(self):
        self.assertEqual(
            run(["sh", "-c", "echo out; echo err >&2; exit 3"], "/"), (3, "out\nerr\n")
        )

    def test_a_command_that_takes_too_long_ends_with_its_children(self):
        output = ""
        for limit_s in (1, 5, 25):  # beside other work the shell may not have begun yet
            if "begun" not in output:
                status, output = run(
                    ["sh", "-c", "echo begun; sleep 60 & wait"], "/", limit_s=limit_s
                )
                self.assertEqual(status, ENDED_LATE)
        self.assertIn("begun", output)


LOOKS_FOR_A_HEADER = """\
project('x', 'c')
there = meson.get_compiler('c').has_header('x.h', args: '-I' + meson.project_source_root())
configure_file(output: 'found', configuration: {'FOUND': there})
"""


class Folders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "meson.build").write_text(LOOKS_FOR_A_HEADER)

    def found(self, packages):
        with unittest.mock.patch.object(builds, "packages", lambda: packages):
            folder = builds.Builds(self.root).get("build")
        return "#define FOUND" in (folder / "found").read_text()

    def test_a_library_that_was_installed_since_is_found(self):
        self.assertFalse(self.found("none"))
        (self.root / "x.h").touch()
        self.assertTrue(self.found("one"))

    def test_a_folder_is_not_set_up_again_while_nothing_changes(self):
        self.found("none")
        before = (self.root / "build/build.ninja").stat().st_mtime_ns
        self.found("none")
        self.assertEqual((self.root / "build/build.ninja").stat().st_mtime_ns, before)


if __name__ == "__main__":
    unittest.main()
