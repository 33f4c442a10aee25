# SPDX-License-Identifier: Apache-2.0
"""Conditional models that benchmarks have fitted before, each a directory as of a store."""

import time
from collections.abc import Callable
from functools import partial

from vi_ik_ros.benchmarks.fit_cache import cache_directory, fit_key
from vi_ik_ros.exceptions import ModelNotFound, ModelRefused
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.store.model_store import ModelStore, StoredModel
from vi_ik_ros.sampling.training.checkpoint import FILE, partial_directory
from vi_ik_ros.sampling.training.fit import fit
from vi_ik_ros.sampling.training.settings import FitSettings


def stored_fit(
    objectives: Objectives,
    family: str,
    settings: FitSettings,
    on_progress: Callable[[str], None] = lambda line: None,
    *,
    device: str = "cpu",
) -> StoredModel:
    """Fit a model, or load the one that was fitted from the same before.

    The time limit counts processor time, so that what else runs on the machine decides no figure;
    on another device it counts the time that passes.

    Args:
        objectives: the target.
        family: of the model.
        settings: of the fit; an interrupted one goes on where it stopped.
        on_progress: called with a line before a fit begins.
        device: that it computes on.
    """
    suffix = "" if device == "cpu" else f"_{device.replace(':', '_')}"
    directory = cache_directory() / f"fit_{fit_key(objectives, family, settings)}{suffix}"
    try:
        return ModelStore().load(directory, objectives.robot)
    except (ModelNotFound, ModelRefused):
        on_progress(f"fitting {family}: up to {settings.time_limit:.0f} s ...")
    directory.parent.mkdir(parents=True, exist_ok=True)
    resume = (partial_directory(directory) / FILE).exists()
    clock = time.process_time if device == "cpu" else time.monotonic
    begin = partial(
        fit, objectives, directory, settings=settings, family=family, device=device, clock=clock
    )
    try:
        begin(resume=resume)
    except ModelRefused:  # the checkpoint is damaged
        begin()
    return ModelStore().load(directory, objectives.robot)
