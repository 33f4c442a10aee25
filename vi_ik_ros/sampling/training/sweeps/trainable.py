# SPDX-License-Identifier: Apache-2.0
"""One trial: a fit in a process of Ray, which reports how it goes and hands the model over."""

import json
import math
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.exceptions import ModelNotFound, ModelRefused, ViIkError
from vi_ik_ros.sampling.store.model_reader import StoredModel
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training.settings import FitSettings

if TYPE_CHECKING:
    from vi_ik_ros.sampling.training.runs.run import FitProgress

REPORT_EVERY = 2.0  # [s]
ALMOST = 99.0  # [%], most that a fit reports before its model is there
CONFIG_FILE = "trial.json"  # in every checkpoint: what the trial tried


class TrialFailed(Exception):
    """A fit that ended without a model: one line, which the sweep's table shows."""


@dataclass(frozen=True)
class Task:
    """What all trials of a sweep share.

    Attributes:
        directory: of the sweep.
        document: the objectives file as plain values.
        model: name of the model.
        settings: of the fit, unless a trial has others.
        metric: name under which the ELBO is reported while a fit goes on.
        threads: of a trial.
        command: the command line, kept in the models.
    """

    directory: Path
    document: Mapping[str, object]
    model: str
    settings: FitSettings
    metric: str
    threads: int
    command: str


def fit_trial(config: dict, task: Task) -> None:
    """Fit one model and report it to Tune, with the directory around it as the checkpoint.

    What is reported: `progress` [%] and the metric (not a number until the fit knows it), now and
    then with the fit's own checkpoint; at the end all held-out `scores`, `digest`, `steps` and
    `seconds` of the fit, with the model. A trial that is resumed goes on from either.

    Args:
        config: `family`, and fields of `FitSettings`.
        task: the rest.

    Raises:
        TrialFailed: there is no model.
    """
    from ray import tune

    with tempfile.TemporaryDirectory(prefix="vi_ik_trial_") as work:
        begun = _begun(config, task)
        if begun is not None:
            shutil.copytree(begun, work, dirs_exist_ok=True)
        (Path(work) / CONFIG_FILE).write_text(json.dumps(config), "utf-8")
        try:
            model = _fitted(config, task, Path(work) / task.model)
        except ViIkError as error:
            raise TrialFailed(str(error)) from None
        except Exception as error:  # Whatever it is, the other trials go on.
            raise TrialFailed(f"{type(error).__name__}: {error}") from error
        tune.report(_figures(model, task), checkpoint=tune.Checkpoint.from_directory(work))


def _begun(config: dict, task: Task) -> Path | None:
    """Return the last checkpoint of this trial, None if it has not come so far.

    Where Tune has lost its own files and begins again, it does not know that checkpoints are left.
    """
    from ray import tune

    kept = tune.get_checkpoint()
    if kept is not None:
        return Path(kept.path)
    trial = task.directory / Path(tune.get_context().get_trial_dir()).name
    for left in sorted(trial.glob("checkpoint_*"), reverse=True)[:1]:
        try:
            if json.loads((left / CONFIG_FILE).read_text("utf-8")) == config:
                return left
        except (OSError, ValueError):
            return None
    return None


def _fitted(config: dict, task: Task, directory: Path) -> StoredModel:
    """Return the model in a directory, fitted if it is not there or not whole."""
    from vi_ik_ros.sampling.training.checkpoint import partial_directory

    store = ModelStore()
    try:
        return store.load(directory)
    except (ModelNotFound, ModelRefused):
        shutil.rmtree(directory, ignore_errors=True)
    partial = partial_directory(directory)
    try:
        _fit(config, task, directory, resume=partial.exists())
    except ModelRefused:  # A checkpoint that is not whole.
        shutil.rmtree(partial, ignore_errors=True)
        _fit(config, task, directory, resume=False)
    return store.load(directory)


def _fit(config: dict, task: Task, directory: Path, *, resume: bool) -> None:
    """Fit the model."""
    import torch

    from vi_ik_ros.sampling.experts.objective_file import load_objectives
    from vi_ik_ros.sampling.training.fit import fit

    torch.set_num_threads(task.threads)
    settings = {name: value for name, value in config.items() if name != "family"}
    fit(
        load_objectives(task.document, dtype=torch.float32),
        directory,
        settings=replace(task.settings, **settings),
        family=config["family"],
        command=task.command,
        resume=resume,
        on_progress=_Reporter(task.metric, directory),
    )


def _figures(model: StoredModel, task: Task) -> dict[str, object]:
    """Return what is reported of a model."""
    scores, training = model.document["scores"], model.document["training"]
    return {
        task.metric: scores[task.metric],
        "scores": scores,
        "progress": 100.0,
        "digest": model.digest,
        "steps": training["steps"],
        "seconds": training["seconds"],
    }


class _Reporter:
    """Tells Tune how a fit goes."""

    def __init__(self, metric: str, directory: Path) -> None:
        from vi_ik_ros.sampling.training.checkpoint import FILE, partial_directory

        self._metric, self._work = metric, directory.parent
        self._checkpoint = partial_directory(directory) / FILE
        self._kept = self._modified()
        self._next = time.monotonic() + REPORT_EVERY

    def __call__(self, progress: "FitProgress") -> None:
        from ray import tune

        if time.monotonic() < self._next:
            return
        kept, modified = None, self._modified()
        if modified > self._kept:
            self._kept = modified
            kept = tune.Checkpoint.from_directory(self._work)
        percent = min(ALMOST, 100.0 * progress.fraction)
        figures = {"progress": percent, self._metric: progress.figures.get("ELBO", math.nan)}
        tune.report(figures, checkpoint=kept)
        self._next = time.monotonic() + REPORT_EVERY

    def _modified(self) -> int:
        """Return when the fit's checkpoint was written [ns], 0 if there is none."""
        try:
            return self._checkpoint.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
