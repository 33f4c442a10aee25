# SPDX-License-Identifier: Apache-2.0
"""A sampler that is asked all the while, and what is wrong with its answers."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.sampling.store.model_store import StoredModel
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest, WarmStartSolver

RATE = 20.0  # [Hz], so that a core is left for those that are killed
NUM_SAMPLES = 4
LONGEST = 10.0  # [s], for an answer


@dataclass(frozen=True)
class Asked:
    """One request for samples of a model, and its answer, or None with the reason."""

    model: str
    request: SampleRequest
    answer: SampleAnswer | None
    error: str = ""


class Asker:
    """Asks one sampler for models in turn, from a thread of its own, until it is closed.

    Attributes:
        asked: all requests, in order.
    """

    def __init__(self, sampler: str, domain_id: int, models: Sequence[str]) -> None:
        """Begin.

        Args:
            sampler: full name of the sampler node.
            domain_id: ROS 2 domain.
            models: names of the models.
        """
        self.asked: list[Asked] = []
        self._client, self._models = SamplerClient(sampler, domain_id), models
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._client.wait(LONGEST)
        while not self._end.wait(1.0 / RATE):
            number = len(self.asked)
            request = SampleRequest(num_samples=NUM_SAMPLES, seed=number + 1)
            self.asked.append(ask(self._client, self._models[number % len(self._models)], request))

    def __enter__(self) -> Self:
        """Return the asker itself."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop asking."""
        self._end.set()
        self._thread.join()
        self._client.close()


def ask(client: SamplerClient, model: str, request: SampleRequest) -> Asked:
    """Send one request."""
    try:
        return Asked(model, request, client.sample(request, model=model, timeout=LONGEST))
    except ViIkError as error:
        return Asked(model, request, None, str(error))


class Judge:
    """Knows the models that were in the store, and what each of them draws."""

    def __init__(self) -> None:
        """Know none."""
        self._solvers: dict[str, WarmStartSolver] = {}

    def learn(self, stored: StoredModel) -> None:
        """Keep a model."""
        if stored.digest not in self._solvers:
            self._solvers[stored.digest] = serve(stored).solver

    def num_compared(self, asked: Sequence[Asked]) -> int:
        """Count the answers whose model is known."""
        return sum(one.answer is not None and self._knows(one.answer) for one in asked)

    def num_wrong(self, asked: Sequence[Asked], seeds: Mapping[str, int]) -> int:
        """Count answers of a model that never was in the store, or of an older one than before.

        Those that are not what their model draws count as well.

        Args:
            asked: requests to one sampler, in order.
            seeds: digest of each model that was stored, to a number that grows by name.
        """
        newest: dict[str, int] = {}
        wrong = 0
        for one in asked:
            if one.answer is None:
                continue
            number = seeds.get(one.answer.model_digest, -1)
            older = number < newest.get(one.model, 0)
            wrong += older or self._differs(one.request, one.answer)
            newest[one.model] = max(number, newest.get(one.model, 0))
        return wrong

    def _knows(self, answer: SampleAnswer) -> bool:
        return answer.model_digest in self._solvers

    def _differs(self, request: SampleRequest, answer: SampleAnswer) -> bool:
        if not self._knows(answer):
            return False
        again = self._solvers[answer.model_digest].solve(request)
        return not np.array_equal(again.positions, answer.positions)
