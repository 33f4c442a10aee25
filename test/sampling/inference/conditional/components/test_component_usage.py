# SPDX-License-Identifier: Apache-2.0
import torch

from vi_ik_ros.sampling.inference.conditional.components.component_usage import (
    WINDOW,
    ComponentUsage,
)


def watched(*rows: list[float], updates: int = WINDOW) -> ComponentUsage:
    usage = ComponentUsage.unseen(len(rows[0]))
    for _ in range(updates):
        usage = usage.seen(torch.tensor(rows))
    return usage


def test_components_without_weight_are_not_needed():
    usage = watched([0.6, 0.4, 0.0, 0.0], [0.7, 0.2999, 1e-4, 0.0])
    assert usage.complete
    assert usage.needed(0.01).tolist() == [0, 1]


def test_a_component_that_one_context_needs_is_kept():
    rare = [[0.5, 0.5, 0.0]] * 400 + [[0.0, 0.0, 1.0]]
    assert watched(*rare, updates=3).needed(0.05).tolist() == [0, 1, 2]


def test_a_window_has_to_be_over():
    assert not watched([0.5, 0.5], updates=WINDOW - 1).complete


def test_one_component_stays():
    assert len(watched([0.25] * 4).needed(torch.inf)) >= 1
