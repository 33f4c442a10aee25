# SPDX-License-Identifier: Apache-2.0
"""Requests at a steady rate, and what became of each."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest

RATE = 100.0  # [Hz], unless told


@dataclass(frozen=True)
class Sent:
    """One request.

    Attributes:
        request: what was asked.
        latency: from the moment at which it was due, so that a late answer is charged to those
            that had to wait behind it [s].
        finished: when the answer came, by the steady clock [s].
        answer: what came; None if the request failed.
        error: why it failed, or empty.
    """

    request: SampleRequest
    latency: float
    finished: float
    answer: SampleAnswer | None
    error: str = ""


def stream(
    client: SamplerClient,
    requests: Callable[[int], SampleRequest],
    go_on: Callable[[int], bool],
    *,
    model: str,
    rate: float = RATE,
) -> list[Sent]:
    """Send requests at a steady rate, one after the other.

    Args:
        client: of the sampler.
        requests: the request of each number.
        go_on: told how many have been sent, whether to send another.
        model: name of the model.
        rate: [Hz].
    """
    sent: list[Sent] = []
    begin = time.perf_counter()
    while go_on(len(sent)):
        due = begin + len(sent) / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        request, answer, error = requests(len(sent)), None, ""
        try:
            answer = client.sample(request, model=model)
        except ViIkError as failure:
            error = str(failure)
        finished = time.perf_counter()
        sent.append(Sent(request, finished - due, finished, answer, error))
    return sent


def percentile(sent: Sequence[Sent], percent: float) -> tuple[float, float]:
    """Return a percentile of the latencies and its standard error [ms], bootstrapped."""
    latency = 1e3 * np.array([one.latency for one in sent])
    draws = np.random.default_rng(0).choice(latency, (200, len(latency)))
    error = np.percentile(draws, percent, axis=1).std()
    return float(np.percentile(latency, percent)), float(error)
