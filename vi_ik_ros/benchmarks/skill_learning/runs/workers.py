# SPDX-License-Identifier: Apache-2.0
"""Many runs at a time: processes of this machine, or a Ray cluster; what was made is kept."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from vi_ik_ros.benchmarks.skill_learning.runs.learn import learn
from vi_ik_ros.benchmarks.skill_learning.runs.learned import Learned, runs_directory
from vi_ik_ros.benchmarks.skill_learning.runs.run_key import RunKey

CLUSTER = "RAY_ADDRESS"  # the variable by which Ray itself is told of a cluster
SAYING = 10.0  # [%] of the runs between two lines
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def learn_all(
    keys: Sequence[RunKey], on_progress: Callable[[str], None] = lambda line: None
) -> dict[RunKey, Learned]:
    """Carry out the runs that were not made before, and return all.

    Args:
        keys: of the runs; a digest of settings and sources says which were made before.
        on_progress: called with a line now and then.
    """
    folder = runs_directory()
    paths = {key: folder / f"{key.digest()}.npz" for key in keys}
    missing = [key for key in paths if not paths[key].exists()]
    if missing:
        on_progress(f"{len(missing)} runs, {len(paths) - len(missing)} more were made before")
    said = 0.0
    for done, (key, learned) in enumerate(_finished(missing), start=1):
        learned.write(paths[key])
        share = 100.0 * done / len(missing)
        if share >= said + SAYING:
            said = share
            on_progress(f"{done} of {len(missing)} runs done")
    return {key: Learned.read(path) for key, path in paths.items()}


def _finished(keys: Sequence[RunKey]) -> Iterator[tuple[RunKey, Learned]]:
    """Yield runs as they end."""
    if not keys:
        return
    address = os.environ.get(CLUSTER)
    if address:
        yield from _on_cluster(keys, address)
    elif len(keys) == 1:
        yield keys[0], _learn(keys[0])[1]
    else:
        yield from _on_this_machine(keys)


def _on_this_machine(keys: Sequence[RunKey]) -> Iterator[tuple[RunKey, Learned]]:
    """Yield runs of as many processes as this one may use processors."""
    context = multiprocessing.get_context("spawn")
    count = min(len(os.sched_getaffinity(0)), len(keys))
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # fresh processes read it when they start
    try:
        with ProcessPoolExecutor(count, context, _one_thread) as pool:
            for future in as_completed([pool.submit(_learn, key) for key in keys]):
                yield future.result()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _on_cluster(keys: Sequence[RunKey], address: str) -> Iterator[tuple[RunKey, Learned]]:
    """Yield runs of a Ray cluster that has this package on all machines."""
    from vi_ik_ros.sampling.training.sweeps.ray_session import ray_session

    with ray_session(address):
        import ray

        task = ray.remote(_learn)
        pending = [task.remote(key) for key in keys]
        while pending:
            ready, pending = ray.wait(pending)
            yield from ray.get(ready)


def _learn(key: RunKey) -> tuple[RunKey, Learned]:
    """Carry out a run."""
    return key, learn(key)


def _one_thread() -> None:
    """Let a process that is one of several use one thread."""
    import torch

    torch.set_num_threads(1)
