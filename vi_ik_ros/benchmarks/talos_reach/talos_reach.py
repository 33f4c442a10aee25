# SPDX-License-Identifier: Apache-2.0
"""First starts, iterations and distinct postures of Talos, one refiner and collision code for all.

Talos stands on both feet, its centre of mass over the soles, and its left gripper is at a pose.
`hard` targets are hands of full-range postures that touch nothing, from the generator that the
database and the model learned from; `shifted` ones come from other postures. A start counts once it
has converged and touches nothing. CPU seconds include what proposes the starts. `raw` are draws of
the model as they come, `0.5 std` those of the same mixture with half its components' stds.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.benchmarks.talos_reach.starts import (
    ModelStarts,
    RandomStarts,
    Starts,
    database,
    sharpened,
)
from vi_ik_ros.benchmarks.talos_reach.targets import (
    FILE,
    Stage,
    hard_targets,
    shifted_targets,
)
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.postures.posture_pool import PosturePool
from vi_ik_ros.sampling.warm_start.distinct import distinct

NAME = "talos-reach"
SEED = 20_240_601
NUM_TARGETS, NUM_STARTS = 200, 20
PARTS = (0.5, 0.35)  # of the model's stds: nearer to what a component has in common
QUICK_TARGETS, QUICK_POSTURES = 20, 2_000


def run(
    *,
    model: str | None = None,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Measure every case on both sets of targets.

    Args:
        model: A name in the store or a directory; None: talos_hand, left out where there is none.
        seeds: Sets of targets.
        quick: Fewer targets, a small database.
        budget: Not used; nothing is trained here.
        on_progress: Called with a line about what comes next.
    """
    del budget
    started = time.monotonic()
    torch.set_num_threads(1)  # a second one stalls on a shared machine
    stage, used = Stage.load(), [SEED + i for i in range(seeds)]
    cases = _cases(stage, model, quick, on_progress)
    count = QUICK_TARGETS if quick else NUM_TARGETS
    rows: list[Row] = []
    for kind, make in (("hard", hard_targets), ("shifted", shifted_targets)):
        on_progress(f"{kind} targets ...")
        hands = np.concatenate([make(stage, count, seed) for seed in used])
        for case in cases:
            on_progress(f"{kind}, {case.name} ...")
            rows += _measure(stage, case, kind, hands)
    return Report(bench=NAME, rows=rows, seeds=used, seconds=time.monotonic() - started)


def _cases(
    stage: Stage, model: str | None, quick: bool, on_progress: Callable[[str], None]
) -> list[Starts]:
    """Gather the model and its competitors."""
    robot, cases = stage.robot, list[Starts]()
    name = model or FILE
    try:
        stored = ModelStore().load(Path(name) if "/" in name else name, robot)
        cases.append(ModelStarts("raw", stored.model))
        if isinstance(stored.model, AmortizedMixture):
            cases += [ModelStarts(f"{p:g} std", sharpened(stored.model, p)) for p in PARTS]
    except ViIkError as error:
        if model is not None:
            raise
        on_progress(f"without a model: {error}")
    on_progress("postures of the database ...")
    pool = PosturePool.of(stage.objectives.product, stage.objectives.product.chain.lower)
    assert pool is not None
    postures = pool.postures.numpy()[: QUICK_POSTURES if quick else None]
    cases.append(database(robot, *stage.database(postures)))
    cases.append(RandomStarts("half sitting", robot, 0.6, ready_first=True))
    cases.append(RandomStarts("random", robot, 1.0, ready_first=False))
    return cases


def _measure(stage: Stage, case: Starts, kind: str, hands: np.ndarray) -> list[Row]:
    """Propose, refine and check the starts of every target; return the figures."""
    poses, first, per_start, iterations, found = matrix_to_pose(hands), [], [], [], []
    converged_first, seconds = [], []
    for i, pose in enumerate(poses):
        rng = np.random.default_rng([SEED, i])
        begin = time.process_time()
        starts = case.propose(pose, NUM_STARTS, rng)
        refined = stage.refine(hands[i], starts)
        fits = stage.fits(refined)
        different = distinct(refined.q[fits], continuous=stage.robot.continuous)
        seconds.append(time.process_time() - begin)
        converged_first.append(refined.converged[0])
        first.append(fits[0])
        per_start.append(fits.mean())
        found.append(len(different))
        iterations.append(refined.iterations[refined.converged])
    counts = np.array(found)
    label = f"{case.name}, {kind}"
    words = "first start converged and collision-free [%]"
    good = mean_row(label, words, 100.0 * np.array(first))
    return [
        good,
        mean_row(label, "first start converged [%]", 100.0 * np.array(converged_first)),
        mean_row(label, "any start converged and collision-free [%]", 100.0 * np.array(per_start)),
        mean_row(label, "iterations of a converged start", np.concatenate(iterations)),
        mean_row(label, f"distinct collision-free of {NUM_STARTS}", counts),
        _rate(label, counts, np.array(seconds)),
    ]


def _rate(label: str, counts: np.ndarray, seconds: np.ndarray) -> Row:
    """Return distinct postures per CPU second, with the error of a ratio of sums."""
    rate = counts.sum() / seconds.sum()
    spread = (counts - rate * seconds).std(ddof=1) / np.sqrt(len(counts)) / seconds.mean()
    return Row(label, "distinct collision-free per CPU second [1/s]", float(rate), float(spread))
