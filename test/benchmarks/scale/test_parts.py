# SPDX-License-Identifier: Apache-2.0
"""The parts of the benchmark that judge, on clients whose answers are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from vi_ik_ros.benchmarks.scale import discovery, load
from vi_ik_ros.benchmarks.scale.crowd import Crowd, Heard
from vi_ik_ros.benchmarks.scale.discovery import discovery_server
from vi_ik_ros.benchmarks.scale.exchange import _redescribed
from vi_ik_ros.benchmarks.scale.load import Cell, askings, latencies
from vi_ik_ros.benchmarks.scale.questions import ask_here
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.sampling.store.atomic_directory import write_directory
from vi_ik_ros.sampling.store.model_store import ModelStore

FLEET = SimpleNamespace(names=("/a", "/b", "/c"), environment={"ROS_DOMAIN_ID": "7"})


def heard(rate, seconds, *, latency=0.01, found=0.2, wrong=0, failed=()):
    """A client that was answered at a steady rate."""
    finished = np.arange(0.5 / rate, seconds, 1.0 / rate)
    digests = ("one",) * len(finished)
    times = np.full(len(finished), latency)
    return Heard(found, finished, times, digests, wrong, failed, 0.002 * len(finished))


def values(rows):
    return {row.metric: row.value for row in rows}


@pytest.fixture(scope="module")
def store(tmp_path_factory, write_tiny_model):
    root = tmp_path_factory.mktemp("scale")
    write_tiny_model(root / "models", "panda_pose", seed=1)
    return ModelStore(root / "models", shipped=root / "none")


def test_each_client_has_a_sampler_and_another_first_question():
    asked = askings(FLEET, Cell(3, 7))
    assert [one.servers[0] for one in asked] == ["/a", "/b", "/c", "/a", "/b", "/c", "/a"]
    assert len({one.first for one in asked}) == 7
    in_turn = askings(FLEET, Cell(3, 4, in_turn=True))
    assert all(one.servers == FLEET.names for one in in_turn)
    assert [one.first % 3 for one in in_turn] == [0, 1, 2, 0]  # they begin with different ones


def test_names_of_cells_count_in_words():
    assert Cell(1, 1).name == "1 sampler, 1 client"
    assert Cell(4, 32, in_turn=True).name == "4 samplers, 32 clients, in turn"


def test_rates_and_costs_are_those_of_the_parts():
    crowd = Crowd([heard(10, 4), heard(30, 4)], np.arange(5.0), 0.4 * np.arange(5.0))
    rows = load._speed("x", crowd)
    found = values(rows)
    assert found["requests per second"] == pytest.approx(40.0)
    assert found["samplers [CPU ms per answer]"] == pytest.approx(10.0)
    assert found["its client [CPU ms per answer]"] == pytest.approx(2.0)
    assert found["p50 [ms]"] == pytest.approx(10.0)
    spread = {row.metric: row.stderr for row in rows}
    assert spread["requests per second"] == pytest.approx(0.0, abs=1e-9)


def test_percentiles_see_the_slow_client():
    crowd = Crowd([heard(10, 4), heard(10, 4, latency=1.0)], np.arange(5.0), np.zeros(5))
    p50, p99 = latencies("x", crowd)
    assert p50.stderr > 0.0
    assert p99.value == pytest.approx(1000.0)


def test_whoever_found_nothing_and_what_went_wrong_is_counted():
    lost = heard(10, 0.0, found=float("nan"))
    crowd = Crowd(
        [lost, heard(10, 4, wrong=2, failed=(0, 4, 9)), heard(10, 4)], np.arange(5.0), np.zeros(5)
    )
    found = values(load.failures("x", crowd))
    assert found["wrong answers"] == 2
    assert found["first requests without an answer"] == 1
    assert found["later requests without an answer"] == 2
    assert found["clients that found no sampler"] == 1
    assert found["answers compared with this process"] == 80


def test_nobody_was_answered_is_a_report_as_well():
    crowd = Crowd([heard(10, 0.0, failed=(0,))], np.arange(3.0), np.zeros(3))
    found = values(load._speed("x", crowd))
    assert found["requests per second"] == 0.0
    assert "p50 [ms]" not in found


def test_an_answer_is_right_only_in_every_bit_and_of_a_known_model(store):
    served = serve(store.load("panda_pose"), num_threads=1)
    questions = ask_here(served, 2, np.random.default_rng(0))
    answer = served.solver.solve(questions.request(3))  # the second one again
    assert questions.is_right(3, answer)
    assert not questions.is_right(2, answer)
    assert not questions.is_right(3, replace(answer, model_digest="another"))
    nudged = np.nextafter(answer.positions, 10.0)
    assert not questions.is_right(3, replace(answer, positions=nudged))


def test_another_description_is_another_digest_with_the_same_draws(store):
    old = store.load("panda_pose")
    questions = ask_here(serve(old), 1, np.random.default_rng(0))
    files, digest = _redescribed(old)
    write_directory(store.root / "panda_pose", files)
    new = store.load("panda_pose")
    assert new.digest == digest != old.digest
    again = serve(new).solver.solve(questions.request(0))
    np.testing.assert_array_equal(again.positions, questions.positions[0])


def test_without_its_program_there_is_no_discovery_server(monkeypatch):
    monkeypatch.setattr(discovery, "PROGRAM", "no-such-program")
    with discovery_server() as variables:
        assert variables is None


def test_a_program_that_ends_at_once_is_no_discovery_server(monkeypatch):
    monkeypatch.setattr(discovery, "PROGRAM", "false")
    with discovery_server() as variables:
        assert variables is None
