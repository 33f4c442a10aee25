# SPDX-License-Identifier: Apache-2.0
"""A trainer and samplers on one store, as a robot cell runs them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.processes.private_trainer import PrivateTrainer
from vi_ik_ros.nodes.sampling.sampler_client import Refused, SamplerClient
from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
from vi_ik_ros.nodes.training.trainer_client import TrainerClient
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest

PATIENCE = 30.0  # [s], for a sampler to serve what the trainer has stored
POLL = 0.02  # [s] between two requests meanwhile


@dataclass(frozen=True)
class Trained:
    """One training as its user saw it.

    Attributes:
        digest: of the new model.
        seconds: from publishing to the answer with the first samples of the new model [s].
        stored: from publishing until the trainer said that it was stored [s].
    """

    digest: str
    seconds: float
    stored: float


@dataclass(frozen=True)
class Cell:
    """What runs: clients of one trainer and of each sampler, and their store."""

    trainer: TrainerClient
    samplers: Sequence[SamplerClient]
    store: ModelStore

    def train(
        self, document: Mapping, model: str, request: SampleRequest, **options: object
    ) -> Trained:
        """Publish a set and wait for samples of its model.

        Args:
            document: the objectives.
            model: name of the model.
            request: what the first samples are asked for.
            **options: of the training, see `objectives_to_msg`.

        Raises:
            NoAnswer: the training failed, or no sample came.
        """
        message = objectives_to_msg(document, model=model, force=True, **options)  # type: ignore[arg-type]
        begin = time.perf_counter()
        self.trainer.publish(message)
        *_, last = self.trainer.follow(message, patience=120.0)
        if last.state != last.DONE:
            raise NoAnswer(f"{model} was not trained: {last.message}")
        stored = time.perf_counter() - begin
        first_answer(self.samplers[0], model, request, last.digest)
        return Trained(last.digest, time.perf_counter() - begin, stored)


def first_answer(
    client: SamplerClient, model: str, request: SampleRequest, digest: str
) -> SampleAnswer:
    """Ask until a sampler answers with the model of a digest.

    Raises:
        NoAnswer: it did not within `PATIENCE`.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            answer = client.sample(request, model=model)
        except Refused:  # It has not heard of the model yet.
            answer = None
        if answer is not None and answer.model_digest == digest:
            return answer
        time.sleep(POLL)
    raise NoAnswer(f"{model} {digest[:12]} was not served within {PATIENCE:.0f} s")


@contextmanager
def running_cell(num_samplers: int, default_model: str) -> Iterator[Cell]:
    """Run a trainer and samplers on a store of their own."""
    with TemporaryDirectory(prefix="vi_ik_cell_") as root, ExitStack() as stack:
        store = ModelStore(Path(root) / "models")
        shared = {"model_store": str(store.root)}
        trainer = stack.enter_context(
            PrivateTrainer({**shared, "work_directory": str(Path(root) / "trainer")})
        )
        told: dict[str, bool | int | float | str] = {**shared, "default_model": default_model}
        told["publish_markers"] = False
        told["models_topic"] = f"{trainer.full_name}/models"
        samplers = []
        for index in range(num_samplers):
            space = f"{trainer.full_name.rpartition('/')[0]}_{index}"
            sampler = stack.enter_context(PrivateSampler(told, namespace=space))
            samplers.append(sampler.client)
        yield Cell(trainer.client, samplers, store)
