# SPDX-License-Identifier: Apache-2.0
"""Fits that benchmarks have made before: an interrupted benchmark goes on where it stopped.

A fit is known by a digest of its target, settings and the sources of everything that fits, so no
figure survives a change of the code that made it.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.models.component_mixture import ComponentMixture
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MIXTURES, MixtureSettings
from vi_ik_ros.sampling.training.settings import FitSettings

SOURCES = Path(__file__).parents[1]
FITTING = ("kinematics", "sampling")  # folders whose sources decide a fit
DEFAULT_BUDGET = 180.0  # [s] for one model


@dataclass(frozen=True)
class CachedFit:
    """A model and how long its fit took [s], when it was made."""

    model: ComponentMixture
    seconds: float


def cached_fit(
    objectives: Objectives,
    family: str,
    settings: MixtureSettings,
    *,
    fit: Callable[..., ComponentMixture] = fit_mixture,
) -> CachedFit:
    """Fit a mixture, or read the one that was fitted from the same before.

    Args:
        objectives: the target.
        family: `gaussian` or `banana`.
        settings: of the fit.
        fit: what fits.
    """
    path = cache_directory() / f"{fit_key(objectives, family, settings)}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            tensors = {name: kept[name] for name in kept.files if name not in ("facts",)}
            facts = json.loads(str(kept["facts"]))
        model = MIXTURES[family].from_tensors(facts["options"], tensors)
        return CachedFit(model, facts["seconds"])
    begin = time.perf_counter()
    made = CachedFit(fit(objectives.product, family=family, settings=settings), 0.0)
    made = replace(made, seconds=time.perf_counter() - begin)
    _keep(path, made)
    return made


def cache_directory() -> Path:
    """Return where fits are kept: `$XDG_CACHE_HOME/vi_ik_ros/fits`."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "vi_ik_ros" / "fits"


def _keep(path: Path, made: CachedFit) -> None:
    """Write a fit, whole."""
    facts = json.dumps({"options": made.model.options(), "seconds": made.seconds})
    arrays: dict[str, np.ndarray] = {"facts": np.array(facts), **made.model.tensors()}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(fresh, allow_pickle=False, **arrays)
    os.replace(fresh, path)


def fit_key(objectives: Objectives, family: str, settings: MixtureSettings | FitSettings) -> str:
    """Return the digest of everything that decides a fit, but for the machine."""
    sources = hashlib.sha256()
    for folder in FITTING:
        for file in sorted((SOURCES / folder).rglob("*.py")):
            sources.update(file.read_bytes())
    facts = [objectives.digest, family, asdict(settings), sources.hexdigest()]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
