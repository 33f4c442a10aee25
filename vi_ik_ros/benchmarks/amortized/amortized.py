# SPDX-License-Identifier: Apache-2.0
"""Conditional mixtures of arms: a single Gaussian, plain mixtures, linear experts, ours.

All models have the same time, and the networks the same size. `plain, ELBO alone` is the usual
conditional mixture, fitted to the ELBO from the start; `plain` to the likelihood of pairs, then to
the ELBO. So is ours, but its target is widened to what draws reach, and it loses components that no
context needs. Contexts are poses of the tip, the position of `planar10`. Atlas and Valkyrie, on
which such models were shown, are in no package: `planar10` stands for the long arm of the one,
shoulder and elbow of Talos for the 4-joint chain without redundancy of the other. ELBO and entropy
are of draws at held-out contexts, not softened; errors are of raw draws at the poses of random
configurations. Fits run on one thread.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from vi_ik_ros.benchmarks.amortized.measures import QUICK, Measured, Scale, Stage, measure
from vi_ik_ros.benchmarks.amortized.models import MODELS, OURS, PLAIN, VANILLA, Model
from vi_ik_ros.benchmarks.amortized.robots import TASKS, Task
from vi_ik_ros.benchmarks.fit_cache import DEFAULT_BUDGET
from vi_ik_ros.benchmarks.report import Report, Row, bootstrap_row, mean_row
from vi_ik_ros.benchmarks.stored_fits import stored_fit

NAME = "amortized"
QUICK_BUDGET = 5.0  # [s] of each fit
COMPARED = ("held-out ELBO [nat]", "entropy [nat]")  # in which ours is to beat the plain one


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    tasks: Sequence[Task] = TASKS,
    models: Sequence[Model] = MODELS,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Fit and measure every model on every arm.

    Args:
        seeds: Fits of every model.
        quick: Short fits, few contexts.
        budget: processor time of each fit [s]; None: 180, or 5 if quick.
        tasks: Arms.
        models: Models.
        on_progress: Called with a line about what comes next.
    """
    started = time.monotonic()
    torch.set_num_threads(1)  # a second one stalls on a shared machine
    limit = budget or (QUICK_BUDGET if quick else DEFAULT_BUDGET)
    rows: list[Row] = []
    for task in tasks:
        stage = Stage.of(task, QUICK if quick else Scale())
        found = {
            model.name: _model_rows(stage, model, range(seeds), limit, on_progress)
            for model in models
        }
        rows += [row for model in found.values() for row in model]
        rows += _gains(task.name, found)
    command = f"vi-ik bench {NAME} --seeds {seeds} --budget {limit:g}{' --quick' * quick}"
    return Report(NAME, rows, list(range(seeds)), time.monotonic() - started, command)


def _model_rows(
    stage: Stage,
    model: Model,
    seeds: Sequence[int],
    limit: float,
    on_progress: Callable[[str], None],
) -> list[Row]:
    """Fit and measure one model on one arm."""
    case = f"{stage.task.name}, {model.name}"
    measured, seconds, updates = [], [], []
    for seed in seeds:
        settings = model.settings(seed, limit)
        on_progress(f"{case}, seed {seed} ...")
        stored = stored_fit(stage.objectives, model.family, settings)
        measured.append(measure(stage, stored.model))
        training = stored.document["training"]
        seconds.append(float(str(training["seconds"])))
        updates.append(int(str(training["steps"])))
    rows = _rows(case, measured, position_only=stage.task.position_only)
    rows += [mean_row(case, "training time [s]", np.array(seconds))]
    return [*rows, mean_row(case, "updates", np.array(updates))]


def _rows(case: str, measured: Sequence[Measured], *, position_only: bool) -> list[Row]:
    """Return the figures of all fits of one model; errors are over fits and contexts."""
    rng = np.random.default_rng(0)
    millimetres = [1e3 * row for one in measured for row in one.position_error]
    rows = [bootstrap_row(case, "median position error [mm]", millimetres, np.median, rng=rng)]
    if not position_only:
        degrees = [np.degrees(row) for one in measured for row in one.orientation_error]
        name = "median orientation error [deg]"
        rows += [bootstrap_row(case, name, degrees, np.median, rng=rng)]
    parts = (
        ("held-out ELBO [nat]", [one.elbo for one in measured]),
        ("held-out log-likelihood [nat]", [one.log_likelihood for one in measured]),
        ("entropy [nat]", [one.entropy for one in measured]),
        ("single start converges [%]", [100.0 * one.converged for one in measured]),
        ("distinct among 20 refined", [one.distinct for one in measured]),
        ("components used in one context, exp of gate entropy", [m.per_context for m in measured]),
    )
    rows += [mean_row(case, name, np.concatenate(values)) for name, values in parts]
    elbo = np.concatenate([one.elbo for one in measured])[:, None]
    rows += [
        bootstrap_row(case, "held-out ELBO, median of contexts [nat]", elbo, np.median, rng=rng)
    ]
    used, kept = (np.array([getattr(one, n) for one in measured]) for n in ("used", "kept"))
    rows += [mean_row(case, "components with mean weight above 1e-4", used)]
    return [*rows, mean_row(case, "components kept", kept)]


def _gains(arm: str, found: dict[str, list[Row]]) -> list[Row]:
    """Return by how much ours is above the plain models, to be above 0."""
    rows = []
    for other in (VANILLA, PLAIN):
        for metric in COMPARED if OURS in found and other in found else ():
            ours, plain = (_row(found[name], metric) for name in (OURS, other))
            error = float(np.hypot(ours.stderr or 0.0, plain.stderr or 0.0))
            gain = ours.value - plain.value
            rows.append(Row(f"{arm}, ours - {other}", metric, gain, error, 0.0, "goal: above"))
    return rows


def _row(rows: Sequence[Row], metric: str) -> Row:
    return next(row for row in rows if row.metric == metric)
