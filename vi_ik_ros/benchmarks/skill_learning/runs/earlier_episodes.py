# SPDX-License-Identifier: Apache-2.0
"""What was learned before, with another screw, of which a warm start makes use."""

from vi_ik_ros.benchmarks.skill_learning.tasks.named_tasks import OTHER_TASK, named_task
from vi_ik_ros.skills.learning.methods import DEFAULT_METHOD, make_optimizer
from vi_ik_ros.skills.learning.outcome import EpisodeOutcome
from vi_ik_ros.skills.learning.run.seeds import episode_seed

NUM_EARLIER = 60  # episodes
FIRST_SEED = 1000  # so that no noise of the earlier run comes again in the later one


def earlier_episodes(task: str, seed: int) -> tuple[EpisodeOutcome, ...]:
    """Return a cold run of the factor graph on the other stiffness.

    Args:
        task: name of what is to be learned afterwards.
        seed: of the run that makes use of it.
    """
    other, run_seed = named_task(OTHER_TASK[task]), FIRST_SEED + seed
    optimizer = make_optimizer(DEFAULT_METHOD, other.problem, run_seed)
    outcomes = []
    for index in range(NUM_EARLIER):
        outcome = other.execute(optimizer.suggest().x, episode_seed(run_seed, index))
        optimizer.observe(outcome)
        outcomes.append(outcome)
    return tuple(outcomes)
