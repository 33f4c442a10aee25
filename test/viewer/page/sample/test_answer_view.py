# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.sampling.warm_start.solver import SampleRequest
from vi_ik_ros.viewer.page.sample.answer_view import (
    BY_COMPONENT,
    BY_DENSITY,
    answer_colors,
    answer_text,
    most_probable,
)


@pytest.fixture(scope="module")
def answer(sampler):
    context = sampler.model("arm").context
    return sampler.sample("arm", SampleRequest(context=context, num_samples=6, seed=1, refine=True))


def with_densities(answer, *values):
    return replace(answer, log_prob=np.array([*values, *[np.nan] * (6 - len(values))]))


def test_the_densest_row_stands_out(answer):
    assert most_probable(with_densities(answer, -2.0, 3.0, 1.0)) == 1
    assert most_probable(with_densities(answer)) == 0


def test_rows_of_a_component_share_a_colour_and_others_do_not(answer):
    answer = replace(answer, component=np.array([0, 1, 0, 2, 1, 0]))
    colors = answer_colors(answer, BY_COMPONENT)
    assert len(np.unique(colors, axis=0)) == 3
    np.testing.assert_array_equal(colors[0], colors[5])


def test_denser_rows_are_lighter_and_unknown_ones_grey(answer):
    colors = answer_colors(with_densities(answer, -2.0, 3.0, 1.0), BY_DENSITY)
    light = colors[:3] @ [0.3, 0.6, 0.1]
    assert light[0] < light[2] < light[1]
    assert np.ptp(colors[3:], axis=1).max() == 0.0


def test_the_text_counts_what_converged_and_is_distinct(answer):
    robot_joints = np.zeros(7, bool)
    again = replace(answer, positions=np.tile(answer.positions[:1], (6, 1)))
    text = answer_text(again, robot_joints, 0.25, refined=True)
    assert f"| converged | {int(answer.converged.sum())} |" in text
    assert "| distinct by 0.2 rad | 1 |" in text
    assert "| round trip | 250.0 ms |" in text
    assert "converged" not in answer_text(again, robot_joints, 0.25, refined=False)
