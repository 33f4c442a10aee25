# SPDX-License-Identifier: Apache-2.0
import io
import json

import numpy as np
import pytest
from rich.console import Console

from vi_ik_ros.benchmarks.report import Report, Row, bootstrap_row, mean_row


def test_json_has_the_keys_of_the_contract() -> None:
    rows = [Row("ours", "time [ms]", 1.5), Row("other", "time [ms]", 2.0, 0.1, 3.0, "a study")]
    document = json.loads(json.dumps(Report("name", rows, [1, 2], 3.5).json()))
    assert set(document) == {"bench", "rows", "seeds", "seconds", "versions"}
    assert document["rows"][0] == {
        "case": "ours",
        "metric": "time [ms]",
        "value": 1.5,
        "stderr": None,
        "reference": None,
        "reference_source": None,
    }
    assert document["seeds"] == [1, 2] and "numpy" in document["versions"]


def test_the_command_stands_where_there_is_one() -> None:
    report = Report("name", [Row("ours", "x", 1.0)], [0], 1.0, "vi-ik bench name --seeds 1")
    assert report.json()["command"] == "vi-ik bench name --seeds 1"
    out = io.StringIO()
    Console(file=out, width=140).print(report.table())
    assert "vi-ik bench name --seeds 1" in out.getvalue()


def test_table_shows_every_figure_and_keeps_the_units() -> None:
    rows = [Row("ours", "time [ms]", 1.25), Row("ours", "rate [%]", 99.5, 0.5, 95.0, "goal")]
    out = io.StringIO()
    Console(file=out, width=140).print(Report("name", rows, [], 1.0).table())
    for word in ("time [ms]", "1.25", "rate [%]", "99.5", "95", "goal"):
        assert word in out.getvalue()


def test_mean_row_knows_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    row = mean_row("ours", "x", values)
    assert row.value == pytest.approx(values.mean()) and row.stderr == pytest.approx(0.1, rel=0.1)
    assert mean_row("ours", "x", np.array([3.0])).stderr is None


def test_bootstrap_resamples_whole_groups() -> None:
    rng = np.random.default_rng(1)
    groups = rng.normal(0.0, 1.0, (200, 1)) + np.zeros(50)  # 200 independent values, not 10,000
    row = bootstrap_row("ours", "x", groups, np.mean, rng=rng)
    assert row.value == pytest.approx(groups.mean())
    assert row.stderr == pytest.approx(1 / np.sqrt(200), rel=0.3)
