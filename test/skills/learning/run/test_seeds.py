# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.skills.learning.run.seeds import check_seed, episode_seed


def test_seeds_are_those_of_their_place_alone():
    assert episode_seed(3, 5) == episode_seed(3, 5, 0)
    places = [episode_seed(r, k, a) for r in range(5) for k in range(50) for a in range(3)]
    checks = [check_seed(r, k) for r in range(5) for k in range(50)]
    assert len({*places, *checks}) == len(places) + len(checks)


@pytest.mark.parametrize("run_seed", [0, 2**32 - 1])
def test_seed_is_a_whole_number_that_everything_takes(run_seed):
    seed = episode_seed(run_seed, 0)
    assert isinstance(seed, int) and 0 <= seed < 2**32
    np.random.default_rng(seed)
