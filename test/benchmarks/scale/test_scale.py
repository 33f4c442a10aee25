# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from vi_ik_ros.benchmarks.scale import scale
from vi_ik_ros.benchmarks.scale.load import Cell
from vi_ik_ros.benchmarks.scale.scale import FULL, QUICK, Plan
from vi_ik_ros.cli.main import main

FEW = Plan((Cell(1, 2), Cell(2, 2, in_turn=True)), (Cell(2, 2),), (Cell(1, 1),))


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_fleets_only_grow(plan):
    for cells in (plan.own_names, plan.one_name, plan.with_server):
        counts = [cell.samplers for cell in cells]
        assert counts == sorted(counts)


def test_what_the_page_promises_is_measured():
    cells = FULL.own_names
    assert {cell.samplers for cell in cells} == {1, 2, 4, 8}
    assert {cell.clients for cell in cells} >= {1, 8, 32}


@pytest.mark.slow
def test_json_contract_on_real_nodes(monkeypatch, capsys):
    monkeypatch.setattr(scale, "QUICK", FEW)
    monkeypatch.setattr(scale, "QUICK_PART", 0.1)  # whoever has begun to ask waits for the answer
    monkeypatch.setattr(scale, "QUESTIONS", 8)
    assert main(["bench", "scale", "--quick", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert set(data) == {"bench", "rows", "seeds", "seconds", "versions"}
    found = {(row["case"], row["metric"]): row["value"] for row in data["rows"]}
    in_turn = "2 samplers, 2 clients, in turn"
    assert found[in_turn, "answers compared with this process"] > 0
    assert found["1 sampler", "resident memory of one [MB]"] > 100.0
    required = [row for row in data["rows"] if row["reference_source"] == "required"]
    assert len(required) >= 12
    assert all(row["value"] == row["reference"] for row in required)
