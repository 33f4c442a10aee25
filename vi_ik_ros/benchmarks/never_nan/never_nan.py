# SPDX-License-Identifier: Apache-2.0
"""Short fits of random objectives files: each is finite, or refused with an error that explains.

The files are those of `random_objectives`: every robot, transform and density, scales of sixteen
decades, targets a thousand kilometres away, objectives that contradict each other.
"""

import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.never_nan.random_objectives import load_robot, random_objectives
from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.fit import fit
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings
from vi_ik_ros.sampling.training.settings import FitSettings

NAME = "never-nan"
NUM_FILES, QUICK_FILES = 200, 14  # 14: one of each robot
EVERY = 10  # one file in so many is fitted once more, with a context
FAMILIES = ("gaussian", "banana")  # of the mixtures, by turns
MOST_BENT = 10  # joints of a banana: that of a humanoid takes minutes
STEPS = (10, 10, 10)  # of a mixture; with its restarts 50 updates, or 80 of two or three joints
NUM_PROPOSALS = 5000  # that its restarts begin with, a hundredth of the usual
NUM_DRAWS = 200  # of a mixture, whose log densities are looked at


class Outcome(StrEnum):
    """How the fit of a file ended."""

    FINITE = "fits finite"
    CLEAR = "clear errors that name an objective"
    UNCLEAR = "errors that name none"
    EXCEPTION = "exceptions"
    NAN = "NaN"


ALLOWED = (Outcome.FINITE, Outcome.CLEAR)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit every file and count how they ended.

    Args:
        seeds: rounds of 200 files.
        quick: one file of each robot.
        budget: time of one fit of a mixture [s]; None: as long as it takes.
        on_progress: called with a line about each file that must not end so, and now and then.
    """
    started = time.monotonic()
    torch.set_num_threads(1)
    files = range(seeds * (QUICK_FILES if quick else NUM_FILES))
    cases: dict[str, tuple[Sequence[int], Callable[[int, Mapping], Outcome]]] = {
        "mixtures": (files, lambda seed, document: fit_unconditional(seed, document, budget)),
        "amortized, with a context": (files[::EVERY], fit_amortized),
    }
    rows: list[Row] = []
    for index, (case, (chosen, fit_one)) in enumerate(cases.items()):
        outcomes = []
        for seed in chosen:
            document = random_objectives(seed, with_context=index > 0)
            outcomes.append(outcome(seed, document, fit_one, on_progress))
            if len(outcomes) % 10 == 0:
                on_progress(f"{case}: {len(outcomes)} of {len(chosen)} files ...")
        rows += figures(case, outcomes)
    return Report(bench=NAME, rows=rows, seeds=list(files), seconds=time.monotonic() - started)


def outcome(
    seed: int,
    document: Mapping,
    fit_one: Callable[[int, Mapping], Outcome],
    on_progress: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Return how a fit ends, whatever it raises.

    Args:
        seed: of the fit.
        document: the objectives file.
        fit_one: fits the file.
        on_progress: called if it must not end so.
    """
    found, reason = Outcome.EXCEPTION, ""
    try:
        found = fit_one(seed, document)
    except ViIkError as error:
        names = [str(objective["name"]) for objective in document["objectives"]]
        named = any(name in str(error) for name in names)
        found, reason = Outcome.CLEAR if named else Outcome.UNCLEAR, str(error)
    except Exception as error:  # what must not happen is what is counted here
        reason = f"{type(error).__name__}: {error}"
    if found not in ALLOWED:
        on_progress(f"file {seed} ({document['robot']}): {found}. {reason}")
    return found


def fit_unconditional(seed: int, document: Mapping, budget: float | None = None) -> Outcome:
    """Fit a mixture and look at its parameters and at its density where it draws."""
    objectives = load_objectives(document, robot=load_robot(document["robot"]))
    settings = MixtureSettings(
        num_components=5,
        seed=seed,
        steps=STEPS,
        time_limit=budget or math.inf,
        num_proposals=NUM_PROPOSALS,
    )
    bent = objectives.product.num_dims <= MOST_BENT and (seed + seed // QUICK_FILES) % 2
    family = FAMILIES[int(bent)]
    model = fit_mixture(objectives.product, family=family, settings=settings)
    x, _ = model.draw(NUM_DRAWS, np.random.default_rng(seed))
    figures = [x, model.log_prob(x[None], np.zeros((1, 0))), *model.tensors().values()]
    return Outcome.FINITE if all(np.isfinite(figure).all() for figure in figures) else Outcome.NAN


def fit_amortized(seed: int, document: Mapping) -> Outcome:
    """Fit and store a small network and look at its scores; it cannot be stored with a NaN."""
    robot = load_robot(document["robot"])
    objectives = load_objectives(document, robot=robot, dtype=torch.float32)
    settings = FitSettings(
        num_components=4, width=16, num_blocks=1, batch_size=64, steps=50, sharpen_from=0.3
    )
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / "model"
        scores = fit(objectives, place, settings=settings, family="amortized").scores
    return Outcome.NAN if any(math.isnan(score) for score in scores.values()) else Outcome.FINITE


def figures(case: str, outcomes: Sequence[Outcome]) -> list[Row]:
    """Count the outcomes."""
    rows = [Row(case, "files", len(outcomes))]
    for kind in Outcome:
        allowed = kind in ALLOWED
        reference, source = (None, None) if allowed else (0.0, "required")
        rows.append(Row(case, kind.value, outcomes.count(kind), None, reference, source))
    return rows
