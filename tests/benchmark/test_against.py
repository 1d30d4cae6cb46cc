#!/usr/bin/python3 -B
"""test_against.py: that tools/bench --against divides this tree's figures by the other's, within each round."""

import contextlib
import io
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from benchmark import against  # noqa: E402: where it is is said above
from benchmark.processes import Failed  # noqa: E402


class Tree:
    """Whose throughputs are known beforehand, each the one of a round."""

    presented = {}

    def __init__(self, name, throughputs, order):
        self.name, self.throughputs, self.order = name, iter(throughputs), order

    def rpc(self, *_, **__):
        return None

    wrk = pgbench = batch = rpc
    copy = None

    def summary_cases(self):
        return []

    def observe(self, case, seconds):
        self.order.append(self.name)
        per_second = next(self.throughputs)
        case.runs.append({"throughput": per_second, "p50_us": 1e6 / per_second, "p99_us": 2e6 / per_second})


class Against(unittest.TestCase):
    def setUp(self):
        self.order = []
        trees = [Tree("theirs", (1000, 100, 1000), self.order), Tree("ours", (1500, 125, 500), self.order)]
        with contextlib.redirect_stderr(io.StringIO()):
            self.results = against.compare(
                against.pairs_of([(tree, against.cases_of(tree)) for tree in trees], lambda name: name == "ipc get 64"),
                quick=True)

    def test_only_what_is_wanted_is_measured(self):
        self.assertEqual([result["case"] for result in self.results], ["ipc get 64"])

    def test_each_goes_first_in_turn(self):
        self.assertEqual(self.order, ["theirs", "ours", "ours", "theirs", "theirs", "ours"])

    def test_ratios_are_within_a_turn(self):
        result = self.results[0]
        self.assertEqual(result["throughput"], [1000, 500])
        self.assertEqual(result["throughput_ratio"], [1.25, 0.5, 1.5])
        self.assertEqual([round(ratio, 3) for ratio in result["p50_us_ratio"]], [0.8, 0.667, 2])

    def test_the_table_has_them_with_their_span(self):
        about = {"date": "2026-11-29", "cores": 2, "cpu": "a cpu", "commit": "abc"}
        text = against.markdown(about, pathlib.Path("/"), True, self.results)
        self.assertIn("| ipc get 64 | 1,000 | 500 | 1.25 [0.50..1.50] |", text)

    def test_what_has_no_latencies_has_a_rate(self):
        theirs, ours = (
            against.Case("psql", "copy", 1, None, [{"throughput": rate, "p50_us": None, "p99_us": None,
                                                    "database_cpu_s_per_1000": 40 / rate}])
            for rate in (1000, 2000))
        about = {"date": "2026-11-29", "cores": 2, "cpu": "a cpu", "commit": "abc"}
        text = against.markdown(about, pathlib.Path("/"), True, [against.compared(theirs, ours)])
        self.assertIn("| psql copy 1 | 1,000 | 2,000 | 2.00 [2.00..2.00] |  |  |  |  |  |  | "
                      "0.040 | 0.020 | 0.50 [0.50..0.50] |", text)

    def test_no_tree_is_told(self):
        with self.assertRaisesRegex(Failed, "is no checked-out tree"):
            against.measure_against(pathlib.Path("/"), lambda name: True, True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
