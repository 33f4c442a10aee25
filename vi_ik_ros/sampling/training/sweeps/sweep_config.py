# SPDX-License-Identifier: Apache-2.0
"""What a sweep is told, read from YAML and checked before Ray starts; imports no ray."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.models.families import FAMILIES as MODELS
from vi_ik_ros.sampling.store.model_store import is_model_name
from vi_ik_ros.sampling.training.diagnosis import diagnose
from vi_ik_ros.sampling.training.fit import CONDITIONAL, FAMILIES, default_family
from vi_ik_ros.sampling.training.runs.mixture_run import MIXTURES
from vi_ik_ros.sampling.training.settings import RANGES, FitSettings
from vi_ik_ros.sampling.training.sweeps.axis import (
    SEARCHED,
    Axis,
    Choice,
    read_names,
    read_numbers,
)

METRICS = ("elbo", "elbo_median")  # held-out scores that every family with a density has
OTHERS = ("log_target", "log_target_median")  # those of a family without; more is better, too
SCHEDULERS = ("asha", "none")
ALGORITHMS = ("random", "grid", "optuna")
FIXED = ("steps", "time_limit", "seed")  # settings that may stand outside of `search`
SIZES = ("num_trials", "max_concurrent", "threads")
KEYS = ("objectives", "model", *SIZES, *FIXED, "metric", "scheduler", "algorithm", "search")
STEPPED = ("amortized", "moe", "inn", "cvae")  # families that learn from one batch after another
SHARPENED = ("amortized", "moe")  # those of them that the ELBO is a loss of
USERS = {  # of a setting that does not concern every family
    "width": ("amortized", "inn", "cvae"),
    "num_blocks": ("amortized",),
    "batch_size": STEPPED,
    "learning_rate": STEPPED,
    "sharpen_from": SHARPENED,
    "elbo_weight": SHARPENED,
    "trust_region": SHARPENED,
    "sir_weight": SHARPENED,
    "widening": SHARPENED,
    "obsolete_below": SHARPENED,
}
MOST = 100_000  # trials


@dataclass(frozen=True)
class SweepConfig:
    """A sweep.

    Attributes:
        document: the objectives file as plain values.
        model: name that the best model gets in the store.
        families: that are tried.
        search: setting of a fit to what is tried for it, more than one value.
        settings: what all trials share.
        num_trials: how many there are.
        max_concurrent: at once; None: as many as there are processors for.
        threads: processors of one trial.
        metric: held-out score that ranks the models.
        algorithm: what decides on the next trial: `random`, `grid`, `optuna`.
        scheduler: whether trials that lag behind end early: `asha`, `none`.
        warnings: a line about each objective that cannot be met.
        plain: the file as plain values, overrides included; a resumed sweep has the same.
    """

    document: Mapping[str, object]
    model: str
    families: tuple[str, ...]
    search: Mapping[str, Axis]
    settings: FitSettings
    num_trials: int
    max_concurrent: int | None
    threads: int
    metric: str
    algorithm: str
    scheduler: str
    warnings: tuple[str, ...]
    plain: Mapping[str, object]


def read_sweep(path: Path, overrides: Mapping[str, object] | None = None) -> SweepConfig:
    """Read and check a sweep.

    Args:
        path: of the YAML file; a path of objectives in it is relative to it.
        overrides: keys to replace.

    Raises:
        InvalidInput: something is wrong; its field is the place in the file.
    """
    read = read_yaml(path, "sweep file", "objectives, model, num_trials and search")
    values = {**read, **(overrides or {})}
    fields = Fields(values)
    fields.allow(*KEYS)
    model = fields.text("model")
    if not is_model_name(model):
        fields.fail("model", "a name with 1 to 64 of a-z, 0-9 and _")
    document = _document(fields, path.parent)
    objectives = load_objectives(document, dtype=torch.float32)
    families = _families(fields.child("search"), objectives)
    axes = _axes(fields, families)
    fixed = {key: RANGES[key].checked(key, values[key]) for key in FIXED if key in values}
    fixed |= _single(axes)
    search = {key: axis for key, axis in axes.items() if key not in fixed}
    algorithm = _algorithm(fields)
    metric = _metric(fields, families)
    return SweepConfig(
        document=document,
        model=model,
        families=families,
        search=search,
        settings=FitSettings(**fixed),  # type: ignore[arg-type]
        num_trials=_num_trials(fields, families, search, algorithm),
        max_concurrent=_count(fields, "max_concurrent"),
        threads=_count(fields, "threads") or 1,
        metric=metric,
        algorithm=algorithm,
        scheduler=_scheduler(fields, families, metric),
        warnings=_look_ahead(objectives),
        plain={**values, "objectives": document},
    )


def _document(fields: Fields, folder: Path) -> dict[str, object]:
    """Return the objectives, which stand in the file or in another one that it names."""
    value = fields.values.get("objectives")
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, str) or not value.strip():
        fields.fail("objectives", "the path of an objectives file, or its contents")
    return read_yaml(folder / Path(value).expanduser())


def _families(search: Fields, objectives: Objectives) -> tuple[str, ...]:
    """Read which families are tried; without a word of the user, one that suits the objectives."""
    suitable = tuple(CONDITIONAL if objectives.context_entries else MIXTURES)
    if "family" not in search.values:
        return (default_family(objectives),)
    families = read_names(search, "family", FAMILIES)
    for name in families:
        if name not in suitable:
            has = "with" if objectives.context_entries else "without"
            expected = f"{' or '.join(suitable)} for objectives {has} a context"
            raise InvalidInput(search.at("family"), name, expected)
    return families


def _metric(fields: Fields, families: Sequence[str]) -> str:
    """Read what ranks the models; every family must have it."""
    without = [name for name in families if not MODELS[name].has_log_prob]
    if without and len(without) < len(families):
        expected = f"families that compare: {', '.join(without)} without a density have no ELBO"
        raise InvalidInput(fields.child("search").at("family"), ", ".join(families), expected)
    known = OTHERS if without else METRICS
    return fields.name("metric", known, default=known[0])


def _axes(fields: Fields, families: Sequence[str]) -> dict[str, Axis]:
    """Read what is tried for each setting."""
    search = fields.child("search")
    search.allow("family", *SEARCHED)
    axes = {}
    for key in search.values:
        if key == "family":
            continue
        if key in FIXED and key in fields.values:
            search.fail(key, f"nothing, as {key} stands outside of search")
        _refuse_idle(search, key, families)
        axes[key] = read_numbers(search, key)
    return axes


def _single(axes: Mapping[str, Axis]) -> dict[str, int | float]:
    """Return the settings for which there is one value, which all trials share."""
    choices = {key: axis.values for key, axis in axes.items() if isinstance(axis, Choice)}
    return {key: values[0] for key, values in choices.items() if len(values) == 1}


def _refuse_idle(search: Fields, key: str, families: Sequence[str]) -> None:
    """Refuse a setting that makes no difference to any of the families."""
    users = USERS.get(key, FAMILIES)
    if not set(users) & set(families):
        expected = f"a setting of {' or '.join(families)}; only {' and '.join(users)} have {key}"
        raise ObjectiveError(search.at(key), search.values[key], expected)


def _look_ahead(objectives: Objectives) -> tuple[str, ...]:
    """Refuse objectives that every trial would refuse; return what cannot be met."""
    found = diagnose(objectives.product, torch.Generator().manual_seed(0))
    if found.error:
        raise found.error
    return found.warnings


def _algorithm(fields: Fields) -> str:
    """Read the algorithm, refused where it is not installed."""
    algorithm = fields.name("algorithm", ALGORITHMS, default="random")
    if algorithm == "optuna" and importlib.util.find_spec("optuna") is None:
        fields.fail("algorithm", "random or grid; optuna is not installed: pip install optuna")
    return algorithm


def _num_trials(
    fields: Fields, families: Sequence[str], search: Mapping[str, Axis], algorithm: str
) -> int:
    """Return the number of trials: of a grid, that of its points."""
    if algorithm != "grid":
        number = _count(fields, "num_trials")
        return fields.fail("num_trials", "a whole number above 0") if number is None else number
    points = len(families)
    for key, axis in search.items():
        if not isinstance(axis, Choice):
            expected = "a list of values, as the algorithm is grid"
            raise InvalidInput(f"search.{key}", "a range", expected)
        points *= len(axis.values)
    if "num_trials" in fields.values:
        fields.fail("num_trials", f"nothing: the algorithm is grid, and the grid has {points}")
    if points > MOST:
        raise InvalidInput("search", f"a grid of {points}", f"{MOST:,} trials at most")
    return points


def _scheduler(fields: Fields, families: Sequence[str], metric: str) -> str:
    """Return the scheduler; without a word of the user, the one that the figures allow.

    The ELBO of a fit compares with that of another fit of the same family which has come as far.
    Families differ in how they get there, and other scores are only known at the end.
    """
    reason = ""
    if metric != "elbo":
        reason = f"as {metric} is only known at the end"
    elif len(families) > 1:
        reason = "as figures of different families do not compare before the end"
    chosen = fields.name("scheduler", SCHEDULERS, default="none" if reason else "asha")
    if chosen == "asha" and reason:
        fields.fail("scheduler", f"none, {reason}")
    return chosen


def _count(fields: Fields, key: str) -> int | None:
    """Read a whole number above 0; None if it is absent."""
    if key not in fields.values:
        return None
    value = fields.values[key]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        fields.fail(key, f"a whole number from 1 to {MOST:,}")
    return value
