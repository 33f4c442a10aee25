# SPDX-License-Identifier: Apache-2.0
from vi_ik_ros.benchmarks.fake_controller.campaign_rows import campaign_rows
from vi_ik_ros.benchmarks.fake_controller.fault_campaign import Trouble, run_fault_campaign


def test_a_round_of_every_kind_is_told_in_rows():
    told = []
    rows = campaign_rows(run_fault_campaign(8, seed=5, on_progress=told.append))
    figures = {row.metric: row.value for row in rows}
    assert figures["kinds of faults"] == figures["faults made"] == 8
    assert figures["commands after a fault"] == figures["connections before clear_fault"] == 0
    for kind in Trouble:
        assert 0.0 < figures[f"longest time until noticed: {kind.value} [s]"] < 2.0
