# SPDX-License-Identifier: Apache-2.0
"""From a sweep's configuration to the best model in the store."""

import itertools
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.store.adoption import adopt
from vi_ik_ros.sampling.store.model_store import ModelStore, data_home
from vi_ik_ros.sampling.training.sweeps.ray_session import ray_session
from vi_ik_ros.sampling.training.sweeps.sweep_config import SweepConfig
from vi_ik_ros.sampling.training.sweeps.sweep_report import (
    FAILED,
    STOPPED,
    SweepProgress,
    SweepReport,
    TrialRow,
    failure_reason,
    trial_row,
)

if TYPE_CHECKING:
    from ray.tune import ResultGrid, Tuner

SWEEP_FILE = "sweep.json"  # what the sweep was told, beside Tune's own files
TRIALS_FILES = "experiment_state-*.json"  # of Tune, a new one each time that it goes on
SEARCH_FILES = ("basic-variant-state-*", "search_gen_state-*", "searcher-state-*")


def default_directory(model: str) -> Path:
    """Return where the sweep for a model lies, $XDG_DATA_HOME/vi_ik_ros/sweeps/MODEL."""
    return data_home() / "sweeps" / model


def run_sweep(
    config: SweepConfig,
    directory: Path,
    store: ModelStore,
    *,
    address: str | None = None,
    resume: bool = False,
    force: bool = False,
    command: str = "",
    on_progress: Callable[[SweepProgress], None] = lambda progress: None,
) -> SweepReport:
    """Fit what the configuration says and put the best model into the store.

    Args:
        config: what to try.
        directory: of the sweep; on a cluster, one that all its machines see.
        store: where the best model goes, unless a better one is there.
        address: of a Ray cluster to use, HOST:PORT or `auto`; None: this machine.
        resume: go on with the sweep in `directory`: trials that have ended stay as they are.
            Tune's own files are read, which can make Python do anything: never resume a
            directory that somebody else could write.
        force: put the best model into the store even if the one that is there is better.
        command: the command line, kept in the models.
        on_progress: called twice a second.

    Raises:
        InvalidInput: the directory, the store or the cluster cannot be used.
        KeyboardInterrupt: Ctrl-C or SIGTERM; the sweep can be resumed.
    """
    begin = time.monotonic()
    _check_directory(directory, config, resume=resume)
    store.check_writable(config.model)
    if not resume:
        _begin(directory, config)
    with ray_session(address):
        _refuse_threads(config)
        grid = _run(config, directory, resume=resume, command=command, on_progress=on_progress)
        trials = _rows(grid, config)
    report = SweepReport(directory, trials, None, time.monotonic() - begin)
    if report.best is None or report.best.model is None:
        return report
    adoption = adopt(store, report.best.model, config.model, force=force)
    return replace(report, adoption=adoption)


def _check_directory(directory: Path, config: SweepConfig, *, resume: bool) -> None:
    """Refuse a directory that holds something else than the sweep that is meant."""
    file = directory / SWEEP_FILE
    if resume:
        try:
            begun = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            expected = "the directory of an interrupted sweep"
            raise InvalidInput("--resume", str(directory), expected) from None
        told = _plain(config)
        for key in {**begun, **told}:
            if begun.get(key) != told.get(key):
                value = f"a sweep with another value of {key}"
                raise InvalidInput("--resume", value, f"the one that was begun in {directory}")
        return
    if file.exists():
        expected = "no sweep there: --resume goes on with it, --out DIR begins another one"
        raise InvalidInput("--out", str(directory), expected)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InvalidInput("--out", str(directory), "a new or an empty directory")


def _begin(directory: Path, config: SweepConfig) -> None:
    """Make the directory of a sweep and note what it was told."""
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f"{SWEEP_FILE}.writing"
    fresh.write_text(json.dumps(_plain(config), indent=1) + "\n", "utf-8")
    os.replace(fresh, directory / SWEEP_FILE)


def _plain(config: SweepConfig) -> dict:
    """Return what the sweep was told as JSON knows it."""
    return json.loads(json.dumps(config.plain, default=str))


def _refuse_threads(config: SweepConfig) -> None:
    """Refuse trials that no machine has the processors for; Tune would wait for one forever."""
    import ray

    most = max(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    if config.threads > most:
        expected = f"at most {most}, the processors of the largest machine"
        raise InvalidInput("threads", config.threads, expected)


def _run(
    config: SweepConfig,
    directory: Path,
    *,
    resume: bool,
    command: str,
    on_progress: Callable[[SweepProgress], None],
) -> "ResultGrid":
    """Let Tune run the trials that have not ended."""
    from vi_ik_ros.sampling.training.sweeps.watcher import listening

    tuner = _tuner(config, directory, resume=resume, command=command)
    with listening(on_progress):
        return tuner.fit()


def _tuner(config: SweepConfig, directory: Path, *, resume: bool, command: str) -> "Tuner":
    """Return the sweep as Tune runs it, new or as it was interrupted."""
    from ray import tune

    from vi_ik_ros.sampling.training.sweeps import search_space
    from vi_ik_ros.sampling.training.sweeps.trainable import Task, fit_trial
    from vi_ik_ros.sampling.training.sweeps.watcher import Watcher

    task = Task(
        directory=directory,
        document=config.document,
        model=config.model,
        settings=config.settings,
        metric=config.metric,
        threads=config.threads,
        command=command,
    )
    trainable = tune.with_parameters(fit_trial, task=task)
    trainable = tune.with_resources(trainable, {"cpu": config.threads})
    if resume and _is_whole(directory):
        return tune.Tuner.restore(str(directory), trainable=trainable)
    return tune.Tuner(
        trainable,
        param_space=search_space.param_space(config),
        tune_config=search_space.tune_config(config),
        run_config=tune.RunConfig(
            name=directory.name,
            storage_path=str(directory.parent),
            callbacks=[Watcher(config.num_trials, config.metric)],
            checkpoint_config=tune.CheckpointConfig(num_to_keep=1),
            verbose=0,
        ),
    )


def _is_whole(directory: Path) -> bool:
    """Tell whether Tune can go on with its own files, and remove them if it cannot.

    A kill may come before they are there or while one is being written. Tune then begins again,
    with the same trials in the same order, which find their models and checkpoints where they are.
    """
    from ray import cloudpickle

    trials = sorted(directory.glob(TRIALS_FILES))
    searches = [sorted(directory.glob(name)) for name in SEARCH_FILES]
    try:
        json.loads(trials[-1].read_text("utf-8"))
        states = [cloudpickle.loads(found[-1].read_bytes()) for found in searches if found]
    except Exception:  # Bytes that are no pickle raise nearly anything.
        states = []
    if not states:
        for path in itertools.chain(trials, *searches):
            path.unlink()
    return bool(states)


def _rows(grid: "ResultGrid", config: SweepConfig) -> tuple[TrialRow, ...]:
    """Describe all trials, in the order in which they were thought of."""
    rows = []
    results = [grid[index] for index in range(len(grid))]
    for number, result in enumerate(sorted(results, key=lambda result: result.path), start=1):
        kept = result.checkpoint
        row = trial_row(
            number,
            result.config or {},
            result.metrics or {},
            status=FAILED if result.error else STOPPED,
            metric=config.metric,
            reason=failure_reason(result.error) if result.error else "",
            model=Path(kept.path) / config.model if kept else None,
        )
        rows.append(row)
    return tuple(rows)
