# SPDX-License-Identifier: Apache-2.0
"""A sweep in the words of Ray Tune."""

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import ASHAScheduler, TrialScheduler
from ray.tune.search import ConcurrencyLimiter, SearchAlgorithm, Searcher
from ray.tune.search.basic_variant import BasicVariantGenerator

from vi_ik_ros.sampling.training.fit import CONDITIONAL
from vi_ik_ros.sampling.training.sweeps.axis import Axis, Choice
from vi_ik_ros.sampling.training.sweeps.sweep_config import SweepConfig

HALVING = 2  # of the trials that have come so far, the better half goes on
COMPARED = 50  # [%] of a fit, from which on its ELBO tells how it will end
COMPARED_LATE = 75  # [%], with a context: the ELBO joins the fit late, see `sharpen_from`


def param_space(config: SweepConfig) -> dict[str, object]:
    """Return what each trial draws from."""
    grid = config.algorithm == "grid"
    space = {key: _domain(axis, grid=grid) for key, axis in config.search.items()}
    families = list(config.families)
    return {"family": tune.grid_search(families) if grid else tune.choice(families), **space}


def tune_config(config: SweepConfig) -> tune.TuneConfig:
    """Return which trials there are, in which order, and which end early."""
    return tune.TuneConfig(
        metric=config.metric,
        mode="max",
        num_samples=1 if config.algorithm == "grid" else config.num_trials,
        search_alg=_search_algorithm(config),
        scheduler=_scheduler(config),
        trial_dirname_creator=directory_name,
        reuse_actors=True,  # a process imports torch once, not for every trial
    )


def _domain(axis: Axis, *, grid: bool) -> object:
    """Return what Tune calls the values of a setting."""
    if isinstance(axis, Choice):
        values = list(axis.values)
        return tune.grid_search(values) if grid else tune.choice(values)
    if isinstance(axis.low, int) and isinstance(axis.high, int):  # Tune leaves out the upper end.
        draw = tune.lograndint if axis.log else tune.randint
        return draw(axis.low, axis.high + 1)
    return tune.loguniform(axis.low, axis.high) if axis.log else tune.uniform(axis.low, axis.high)


def _search_algorithm(config: SweepConfig) -> SearchAlgorithm | Searcher:
    """Return what decides on the next trial, and on how many there are at once."""
    limit, seed = config.max_concurrent or 0, config.settings.seed
    if config.algorithm != "optuna":
        return BasicVariantGenerator(max_concurrent=limit, random_state=seed % 2**32)
    import optuna
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search = OptunaSearch(seed=seed % 2**32)
    return ConcurrencyLimiter(search, max_concurrent=limit) if limit else search


def _scheduler(config: SweepConfig) -> TrialScheduler | None:
    """Return what ends trials early, None for nothing."""
    if config.scheduler == "none":
        return None
    late = any(family in CONDITIONAL for family in config.families)
    return ASHAScheduler(
        time_attr="progress",
        max_t=100,
        grace_period=COMPARED_LATE if late else COMPARED,
        reduction_factor=HALVING,
    )


def directory_name(trial: Trial) -> str:
    """Name the directory of a trial by when it was thought of, so that names sort by that."""
    return f"trial_{int(trial.experiment_tag.partition('_')[0]):05}"
