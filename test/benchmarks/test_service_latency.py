# SPDX-License-Identifier: Apache-2.0
import json
import os

import numpy as np
import pytest

from vi_ik_ros.benchmarks import service_latency
from vi_ik_ros.benchmarks.service_latency import Case
from vi_ik_ros.cli.main import main


def test_percentiles_have_errors_and_requirements():
    rng = np.random.default_rng(1)
    times = rng.normal(2.0, 0.1, 400)
    p50, p99 = service_latency._rows(Case(64, False, 400, p50=3.0), times, rng)
    assert (p50.case, p50.metric, p50.reference) == ("64 raw", "p50 [ms]", 3.0)
    assert (p99.metric, p99.reference, p99.reference_source) == ("p99 [ms]", None, None)
    assert p50.value == pytest.approx(2.0, abs=0.03)
    assert p50.stderr == pytest.approx(1.253 * 0.1 / 400**0.5, rel=0.5)  # of a normal's median
    assert p99.value == pytest.approx(2.0 + 2.326 * 0.1, abs=0.06)


@pytest.mark.parametrize(("power", "expected"), [(1.0, 1.0), (2.0, 2.0), (0.0, 0.0)])
def test_growth_is_the_exponent(power, expected):
    medians = {n: 1e-6 * n**power for n in (1_000, 10_000)}
    assert service_latency._growth(medians, 1_000, 10_000).value == pytest.approx(expected)


def test_memory_of_this_process_is_plausible_and_of_no_process_is_nan():
    now, highest = service_latency.memory(os.getpid())
    assert 10.0 < now <= highest + 1.0
    assert np.isnan(service_latency.memory(2**30)).all()


@pytest.mark.slow
def test_json_contract_on_a_real_node(tmp_path, monkeypatch, capsys, write_tiny_model):
    write_tiny_model(tmp_path / "vi_ik_ros" / "models", "panda_pose", seed=1)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    cases = [Case(n, False, 30) for n in (1_000, 10_000, 100_000)] + [Case(2, True, 30)]
    monkeypatch.setattr(service_latency, "CASES", cases)
    assert main(["bench", "service-latency", "--quick", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert set(data) == {"bench", "rows", "seeds", "seconds", "versions"}
    keys = {"case", "metric", "value", "stderr", "reference", "reference_source"}
    assert all(set(row) == keys for row in data["rows"])
    figures = {(row["case"], row["metric"]): row["value"] for row in data["rows"]}
    assert 0.0 < figures["1000 raw", "p50 [ms]"] <= figures["1000 raw", "p99 [ms]"]
    assert figures["ours", "resident memory [MB]"] > 100.0
    assert ("2 refined", "p99 [ms]") in figures
