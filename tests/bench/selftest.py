#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The figures' own arithmetic, and that a demand which is not met is not told as met."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from figures import demand, document, table
from figures.profile import Profile
from figures.series import Figures, Series


class Arithmetic(unittest.TestCase):
    def test_median_and_quartiles(self):
        series = Series([5, 1, 4, 2, 3])
        self.assertEqual((series.median, series.quartiles), (3, (2, 4)))
        self.assertAlmostEqual(series.spread_percent, 100 / 3)

    def test_one_round_has_no_spread(self):
        self.assertEqual(Series([7]).quartiles, (7, 7))

    def test_ratios_are_taken_round_by_round(self):
        slower_machine_in_round_2 = [10, 1000, 10], [20, 2000, 20]
        ratio = Series(slower_machine_in_round_2[0]).over(Series(slower_machine_in_round_2[1]))
        self.assertEqual((ratio.median, ratio.quartiles), (0.5, (0.5, 0.5)))

    def test_rounds_of_one_name_come_together(self):
        figures = Figures()
        figures.add("part", "ns", value=1)
        figures.add("part", "ns", value=3)
        self.assertEqual(figures.get("part", "ns").values, [1, 3])


class Demands(unittest.TestCase):
    def test_the_median_is_the_measure(self):
        self.assertTrue(demand.at_most("x", Series([0.4, 0.5, 0.9]), 0.5).holds)
        self.assertFalse(demand.at_most("x", Series([0.4, 0.51, 0.51]), 0.5).holds)
        self.assertTrue(demand.at_least("x", Series([1, 2, 2]), 1.9).holds)
        self.assertFalse(demand.at_least("x", Series([1, 1.8, 2]), 1.9).holds)

    def test_within_the_spread_a_quartile_is_enough(self):
        self.assertTrue(
            demand.at_least("x", Series([0.9, 0.98, 1.02]), 1, within_spread=True).holds
        )
        self.assertFalse(
            demand.at_least("x", Series([0.9, 0.92, 0.94]), 1, within_spread=True).holds
        )
        self.assertTrue(demand.at_most("x", Series([0.98, 1.01, 1.1]), 1, within_spread=True).holds)
        self.assertFalse(
            demand.at_most("x", Series([1.01, 1.02, 1.1]), 1, within_spread=True).holds
        )

    def test_every_demand_is_listed_with_its_answer(self):
        listed = [demand.at_most("first", Series([1]), 0), demand.at_most("second", Series([0]), 0)]
        text = "\n".join(demand.lines(listed))
        self.assertIn("NO  first", text)
        self.assertIn("yes second", text)


class Tables(unittest.TestCase):
    def test_words_to_the_left_numbers_to_the_right(self):
        lines = table.table("title", ["way", "ns"], [["2 threads", "5"], ["base", "100"]])
        self.assertEqual(lines[4:6], ["2 threads    5", "base       100"])

    def test_too_wide_is_a_mistake(self):
        with self.assertRaises(AssertionError):
            table.table("title", ["way"], [["x" * 81]])


class Document(unittest.TestCase):
    def test_what_stands_after_the_mark_is_replaced(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "doc.md"
            path.write_text(f"before\n{document.MARK}old\n")
            document.fill(path, {"openssl": "OpenSSL 3", "cores": 2, "processor": "X"}, ["new"])
            text = path.read_text()
        self.assertTrue(text.startswith(f"before\n{document.MARK}"))
        self.assertIn("\nnew\n", text)
        self.assertNotIn("old", text)


PROFILE = """\
fn=(1) main
10 5
cfn=(2) SHA256_Update
calls=1 0
10 903
fn=(2)
+3 3
cfn=(3) 0x29c680
calls=1 0
+1 800
cfn=(4) memcpy
calls=1 0
+1 100
fn=(3)
+3 700
* 100
fn=(4)
+3 100
fn=(1)
12 6
totals: 914
"""


class Profiles(unittest.TestCase):
    def test_each_function_is_told_its_own_instructions_only(self):
        self.assertEqual(
            Profile(PROFILE).own, {"main": 11, "SHA256_Update": 3, "0x29c680": 800, "memcpy": 100}
        )
        self.assertEqual(Profile(PROFILE).total(), 914)

    def test_what_hashes_is_found_without_its_name(self):
        self.assertEqual(Profile(PROFILE).sha256(), 800)


if __name__ == "__main__":
    unittest.main()
