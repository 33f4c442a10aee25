# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.viewer.page.figure_image import figure_image
from vi_ik_ros.viewer.page.skill.learning_curve import learning_curve
from vi_ik_ros.viewer.page.skill.skill_run import SkillRun
from vi_ik_ros.viewer.page.skill.success_maps import CELLS, WHOLE, LearnedSuccess, success_maps


@pytest.fixture(scope="module")
def run(skill_store):
    return SkillRun.read(skill_store)


@pytest.fixture(scope="module")
def learned(run):
    return LearnedSuccess.of(run.problem, run.outcomes())


def test_a_map_holds_the_probabilities_of_the_model_at_its_cells(learned):
    names = learned.problem.space.names
    grids = learned.grids(names[0], names[2])
    point = learned.point.copy()
    point[0], point[2] = 1.0, 0.0  # the right end of the lowest row
    expected = np.exp(learned.model.log_probability(point[None])[0])
    assert grids[WHOLE].shape == (CELLS, CELLS)
    assert grids[WHOLE][0, -1] == pytest.approx(expected)


def test_the_whole_is_the_product_of_the_factors_that_depend_and_of_constants(learned):
    names = learned.problem.space.names
    grids = learned.grids(names[0], names[1])
    product = np.prod([grid for name, grid in grids.items() if name != WHOLE], axis=0)
    ratio = grids[WHOLE] / product
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


def test_only_factors_of_the_two_parameters_are_shown(learned):
    names, rows = learned.problem.space.names, learned.problem.adjacency
    shown = set(learned.grids(names[0], names[0])) - {WHOLE}
    expected = {learned.problem.factors[j] for j in range(len(rows)) if rows[j][0]}
    assert shown == expected


def test_pictures_are_not_blank(run, learned):
    names = learned.problem.space.names
    for figure in (success_maps(learned, names[0], names[1]), learning_curve(run.entries)):
        picture = figure_image(figure)
        assert picture.dtype == np.uint8 and picture.ndim == 3
        assert picture.std() > 10.0


def test_the_curve_of_no_episode_is_empty_axes():
    assert figure_image(learning_curve([])).shape[2] == 3
