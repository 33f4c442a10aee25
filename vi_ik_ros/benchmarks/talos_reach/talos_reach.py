# SPDX-License-Identifier: Apache-2.0
"""First starts, iterations and distinct postures of Talos, one refiner and collision code for all.

Talos stands on both feet, its centre of mass over the soles, its left gripper is at a pose and its
left foot in some stance. `hard` targets are those of full-range postures that touch nothing, from
the generator that databases and model learned from; `shifted` ones come from other postures. A
start counts once it has converged and touches nothing. CPU seconds include what proposes the
starts. `raw` are draws of the model as they come; at a lower temperature the stds of its components
are smaller by that factor. `served` draws and refines half as many again, at temperature 0.5, and
checks those that are then the likeliest, in that order. `KD-50k` are the nearest of as many
postures; `least moved` refines half as many again and checks those that moved least, in that order;
`KD of its pairs` are the nearest of postures that were chosen as for the training of the model.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.benchmarks.talos_reach.starts import (
    LeastMovedStarts,
    LikelyStarts,
    ModelStarts,
    RandomStarts,
    Starts,
    database,
)
from vi_ik_ros.benchmarks.talos_reach.targets import (
    FILE,
    Stage,
    hard_targets,
    shifted_targets,
)
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.postures.posture_pool import PosturePool
from vi_ik_ros.sampling.warm_start.distinct import distinct

NAME = "talos-reach"
SEED = 20_240_601
NUM_TARGETS, NUM_STARTS = 200, 20
TEMPERATURES = (0.5, 0.35)  # nearer to what a component's postures have in common
SERVED = 0.5  # temperature of draws that are chosen from
NUM_POSTURES = 50_000  # of a database
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
        model: A name in the store or a directory; None: talos_reach, left out where there is none.
        seeds: Sets of targets.
        quick: Fewer targets, a small database.
        budget: Not used; nothing is trained here.
        on_progress: Called with a line about what comes next.
    """
    del budget
    started = time.monotonic()
    torch.set_num_threads(1)  # a second one stalls on a shared machine
    stage, used = Stage.load(), [SEED + i for i in range(seeds)]
    cases = _models(stage, model, on_progress)
    cases += _databases(stage, QUICK_POSTURES if quick else NUM_POSTURES, on_progress)
    cases.append(RandomStarts("half sitting", stage.robot, 0.6, ready_first=True))
    cases.append(RandomStarts("random", stage.robot, 1.0, ready_first=False))
    count = QUICK_TARGETS if quick else NUM_TARGETS
    rows: list[Row] = []
    for kind, make in (("hard", hard_targets), ("shifted", shifted_targets)):
        on_progress(f"{kind} targets ...")
        contexts = np.concatenate([make(stage, count, seed) for seed in used])
        rows += _measure(stage, cases, kind, contexts, on_progress)
    return Report(bench=NAME, rows=rows, seeds=used, seconds=time.monotonic() - started)


def _models(stage: Stage, name: str | None, on_progress: Callable[[str], None]) -> list[Starts]:
    """Return the model's cases, none where there is no model and none was named."""
    place = name or FILE
    try:
        path = Path(place) if "/" in place else place
        model = ModelStore().load(path, stage.robot).model
    except ViIkError as error:
        if name is not None:
            raise
        on_progress(f"without a model: {error}")
        return []
    cases: list[Starts] = [ModelStarts("raw", model)]
    if model.has_log_prob:
        cold = [(f"temperature {t:g}", model.at_temperature(t)) for t in TEMPERATURES]
        cases += [ModelStarts(*case) for case in cold]
        cases.append(LikelyStarts("served", model.at_temperature(SERVED)))
    return cases


def _databases(stage: Stage, size: int, on_progress: Callable[[str], None]) -> list[Starts]:
    """Return databases of postures, and of the pairs that a model would learn from."""
    on_progress("postures of the databases ...")
    product = stage.objectives.product
    pool = PosturePool.of(product, product.chain.lower, num_postures=NUM_POSTURES)
    assert pool is not None
    plain = pool.postures[:size].numpy()
    drawn = pool.draw(size, torch.Generator().manual_seed(0), held_out=False).unique(dim=0).numpy()
    nearest = database(stage.robot, *stage.database(plain))
    name = f"KD-{round(len(plain) / 1000)}k"
    return [
        ModelStarts(name, nearest),
        LeastMovedStarts(f"{name}, least moved", nearest),
        ModelStarts("KD of its pairs", database(stage.robot, *stage.database(drawn))),
    ]


@dataclass(frozen=True)
class _Trial:
    """What became of the starts of one target.

    Attributes:
        converged: Whether the first row in order did.
        fits: (NUM_STARTS,) rows in order that converged and touch nothing.
        iterations: Of all starts that converged.
        num_different: Number of those that fit and differ.
        seconds: Of the processor.
    """

    converged: bool
    fits: np.ndarray
    iterations: np.ndarray
    num_different: int
    seconds: float


def _try(stage: Stage, case: Starts, context: np.ndarray, rng: np.random.Generator) -> _Trial:
    """Propose, refine, order and check the starts of one target."""
    begin = time.process_time()
    starts = case.propose(context, round(case.spare * NUM_STARTS), rng)
    refined = stage.refine(context[None], starts)
    merit = case.merit(context, starts, refined.q)
    order = np.lexsort((-merit, ~refined.converged))[:NUM_STARTS]
    converged, q = refined.converged[order], refined.q[order]
    fits = stage.fits(converged, q)
    different = distinct(q[fits], continuous=stage.robot.continuous)
    return _Trial(
        converged=bool(converged[0]),
        fits=fits,
        iterations=refined.iterations[refined.converged],
        num_different=len(different),
        seconds=time.process_time() - begin,
    )


def _measure(
    stage: Stage,
    cases: Sequence[Starts],
    kind: str,
    contexts: np.ndarray,
    on_progress: Callable[[str], None],
) -> list[Row]:
    """Try the starts of every target, all cases in turn: a machine's moods are those of all."""
    trials: list[list[_Trial]] = [[] for _ in cases]
    for i, context in enumerate(contexts):
        if i % 50 == 0:
            on_progress(f"{kind} target {i} of {len(contexts)} ...")
        for case, found in zip(cases, trials, strict=True):
            found.append(_try(stage, case, context, np.random.default_rng([SEED, i])))
    return [
        row
        for case, found in zip(cases, trials, strict=True)
        for row in _rows(f"{case.name}, {kind}", found)
    ]


def _rows(label: str, trials: Sequence[_Trial]) -> list[Row]:
    """Return the figures of one case."""
    counts = np.array([t.num_different for t in trials])
    rows = {
        "first start converged and collision-free [%]": [100.0 * t.fits[0] for t in trials],
        "first start converged [%]": [100.0 * t.converged for t in trials],
        "any start converged and collision-free [%]": [100.0 * t.fits.mean() for t in trials],
        "iterations of a converged start": np.concatenate([t.iterations for t in trials]),
        f"distinct collision-free of {NUM_STARTS}": counts,
    }
    seconds = np.array([t.seconds for t in trials])
    figures = [mean_row(label, words, np.array(values)) for words, values in rows.items()]
    return [*figures, _rate(label, counts, seconds)]


def _rate(label: str, counts: np.ndarray, seconds: np.ndarray) -> Row:
    """Return distinct postures per CPU second, with the error of a ratio of sums."""
    rate = counts.sum() / seconds.sum()
    spread = (counts - rate * seconds).std(ddof=1) / np.sqrt(len(counts)) / seconds.mean()
    return Row(label, "distinct collision-free per CPU second [1/s]", float(rate), float(spread))
