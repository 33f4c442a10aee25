# SPDX-License-Identifier: Apache-2.0
"""Clients, each a process of its own, that ask samplers at the same time."""

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

import numpy as np

from vi_ik_ros.benchmarks.scale.questions import Questions
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.nodes.sampling.sampler_pool import SamplerPool

PATIENCE = 30.0  # [s], to find the samplers
LONGEST = 10.0  # [s], for an answer
START = 60.0  # [s], until all have looked for their samplers, on a machine that is busy
LAST_WORD = 30.0  # [s], until a client has told what it saw and left ROS 2
TAIL = 0.3  # [s] that clients go on asking after the last part, so that it ends under load


@dataclass(frozen=True)
class Asking:
    """What one client does.

    Attributes:
        servers: full names of its samplers, asked in turn.
        first: number of its first request.
        environment: that its ROS 2 is started in.
    """

    servers: tuple[str, ...]
    first: int
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Heard:
    """What one client saw.

    Attributes:
        found: from joining ROS 2 until all its samplers were there [s]; NaN if they never were.
        finished: when each answer came, by the steady clock [s], (n,).
        latency: of each answer [s], (n,).
        digests: of the models that answered, (n,).
        wrong: answers that are not those of the solver in the first process.
        failed: which of its requests had no answer or an error; 0 is the first.
        cpu_seconds: processor time while it asked [s].
    """

    found: float
    finished: np.ndarray
    latency: np.ndarray
    digests: tuple[str, ...]
    wrong: int
    failed: tuple[int, ...]
    cpu_seconds: float


NOTHING = Heard(float("nan"), np.empty(0), np.empty(0), (), 0, (), 0.0)


@dataclass(frozen=True)
class Crowd:
    """What all clients saw.

    Attributes:
        heard: by each.
        times: of the beginning of each part and of the end, by the steady clock [s], (parts + 1,).
        read: what `at_part` returned then, (parts + 1,).
    """

    heard: Sequence[Heard]
    times: np.ndarray
    read: np.ndarray


def ask_together(
    askings: Sequence[Asking],
    questions: Questions,
    *,
    parts: int,
    part: float,
    at_part: Callable[[int], float] = lambda index: 0.0,
) -> Crowd:
    """Let all clients find their samplers, then ask at the same time, one request after another.

    Args:
        askings: one for each client.
        questions: what they ask.
        parts: of the time, so that there is a spread.
        part: length of each [s].
        at_part: called where each part begins, with its index, and at the end; it is a meter, or
            does what the clients shall live through.

    A client that hung or died has found nothing.
    """
    context = multiprocessing.get_context("forkserver")  # imports once, forks without ROS 2
    context.set_forkserver_preload([__name__])
    go, clients = context.Event(), []
    for asking in askings:
        here, there = context.Pipe(duplex=False)
        words = (there, go, asking, questions, parts * part + TAIL)
        process = context.Process(target=_ask, args=words, daemon=True)
        process.start()
        there.close()
        clients.append((process, here))
    end = time.monotonic() + START
    ready = [here for _, here in clients if _word(here, end - time.monotonic())]
    go.set()
    times, read = _parts(parts, part, at_part)
    heard = [_word(here, LAST_WORD) for here in ready]
    for process, _ in clients:
        process.join(LAST_WORD)
        process.kill()  # one that hangs
    silent = [NOTHING] * (len(clients) - len(ready))
    return Crowd([*(one or NOTHING for one in heard), *silent], times, read)


def _parts(
    parts: int, part: float, at_part: Callable[[int], float]
) -> tuple[np.ndarray, np.ndarray]:
    """Let the parts go by; return times and what was read."""
    times, read = [time.perf_counter()], [at_part(0)]
    for index in range(1, parts + 1):
        time.sleep(max(0.0, times[0] + index * part - time.perf_counter()))
        times.append(time.perf_counter())
        read.append(at_part(index))
    return np.array(times), np.array(read)


def _word(end: Connection, timeout: float) -> Any:  # noqa: ANN401
    """Return what a client says; None if it says nothing or has ended."""
    try:
        return end.recv() if end.poll(max(0.0, timeout)) else None
    except EOFError:
        return None


def _ask(
    there: Connection, go: Event, asking: Asking, questions: Questions, seconds: float
) -> None:
    """Be one client."""
    os.environ.update(asking.environment)
    joined = time.perf_counter()
    with SamplerPool(asking.servers, first=asking.first) as pool:
        is_there = pool.wait(PATIENCE)
        found = time.perf_counter() - joined if is_there else float("nan")
        there.send(True)
        go.wait(START)
        there.send(_answers(pool, asking.first, questions, seconds if is_there else 0.0, found))


def _answers(
    pool: SamplerPool, first: int, questions: Questions, seconds: float, found: float
) -> Heard:
    """Ask for so many seconds."""
    finished, latency, digests, failed, wrong = [], [], [], [], 0
    cpu, end, number = time.process_time(), time.perf_counter() + seconds, first
    while (begin := time.perf_counter()) < end:
        try:
            answer = pool.sample(questions.request(number), timeout=LONGEST)
        except ViIkError:
            failed.append(number - first)
        else:
            finished.append(time.perf_counter())
            latency.append(finished[-1] - begin)
            digests.append(answer.model_digest)
            wrong += not questions.is_right(number, answer)
        number += 1
    cpu = time.process_time() - cpu
    return Heard(
        found, np.array(finished), np.array(latency), tuple(digests), wrong, tuple(failed), cpu
    )
