# SPDX-License-Identifier: Apache-2.0
"""Where the nodes that are killed do their work, and how they are started."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vi_ik_ros.benchmarks.crash_safety.evidence.ledger import Key
from vi_ik_ros.benchmarks.crash_safety.evidence.shown import NUMBER
from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.nodes.processes.node_process import private_environment
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.processes.private_trainer import PrivateTrainer
from vi_ik_ros.sampling.store.model_reader import StoredModel
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.store.trainer.job_queue import QueuedJob
from vi_ik_ros.sampling.store.trainer.trainer_database import DATABASE_FILE, read_rows
from vi_ik_ros.sampling.training.jobs.pending_job import PendingJob

MODELS = ("line_a", "line_b", "line_c")
CHECK = 0.2  # [s] between two looks of a node at the store, so that an exchange is soon over
Parameters = Mapping[str, bool | int | float | str]


@dataclass(frozen=True)
class Contents:
    """What a store holds: models that were read whole, and why others were refused."""

    models: tuple[StoredModel, ...]
    refused: tuple[str, ...]

    @property
    def digests(self) -> dict[str, str]:
        """Return name to digest."""
        return {stored.name: stored.digest for stored in self.models}

    @property
    def seeds(self) -> dict[str, int]:
        """Return name to the seed of the training."""
        return {stored.name: seed_of(stored) for stored in self.models}


@dataclass(frozen=True)
class Site:
    """A store and a work directory below one root, used by whoever is started here."""

    root: Path

    @property
    def namespace(self) -> str:
        """ROS 2 namespace of the nodes."""
        return f"/crash_safety_{os.getpid()}"

    @property
    def domain_id(self) -> int:
        """ROS 2 domain of the nodes."""
        return int(private_environment()["ROS_DOMAIN_ID"])

    @property
    def database(self) -> Path:
        """The file of the trainer."""
        return self.root / "trainer" / DATABASE_FILE

    def trainer(self, *, wait: bool = True) -> PrivateTrainer:
        """Return a trainer that can be started; see `PrivateProcess` about `wait`."""
        return PrivateTrainer(self._parameters("trainer"), namespace=self.namespace, wait=wait)

    def sampler(self, *, wait: bool = True) -> PrivateSampler:
        """Return a sampler that can be started; see `PrivateProcess` about `wait`."""
        return PrivateSampler(self._parameters("sampler"), namespace=self.namespace, wait=wait)

    def contents(self) -> Contents:
        """Read the whole store."""
        store = ModelStore(self.root / "models", shipped=self.root / "none")
        models, refused = [], []
        for name in store.names():
            try:
                models.append(store.load(name))
            except ViIkError as error:
                refused.append(str(error))
        return Contents(tuple(models), tuple(refused))

    def queued(self) -> set[Key]:
        """Return the sets that wait or are being trained, by the file of the trainer."""
        rows = read_rows(self.database, "SELECT id, model, document FROM job")
        jobs = [PendingJob.from_queue(QueuedJob(*row)) for row in rows]
        return {(pending.job.model, pending.stamp) for pending in jobs}

    def running(self) -> tuple[str, ...]:
        """Return the name of the model that is being trained, by the file of the trainer."""
        rows = read_rows(self.database, "SELECT model FROM job WHERE running")
        return tuple(model for (model,) in rows)

    def _parameters(self, node: str) -> Parameters:
        shared: Parameters = {"model_store": str(self.root / "models"), "check_period": CHECK}
        if node == "trainer":
            # Not niced: the moments shall not depend on what else the machine does.
            work: Parameters = {
                "work_directory": str(self.root / "trainer"),
                "max_demonstrations": NUMBER,
            }
            return {**shared, **work, "nice": 0}
        topic = f"{self.namespace}/trainer/models"
        return {**shared, "models_topic": topic, "default_model": MODELS[0]}


def seed_of(stored: StoredModel) -> int:
    """Return the random seed that a model was trained with."""
    return int(str(stored.document["training"]["seed"]))
