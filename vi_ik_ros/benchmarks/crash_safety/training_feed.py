# SPDX-License-Identifier: Apache-2.0
"""Keeps one trainer busy with short trainings, and notes what it says."""

from collections.abc import Mapping
from typing import Any

from vi_ik_ros.benchmarks.crash_safety.evidence.ledger import Ledger
from vi_ik_ros.benchmarks.crash_safety.site import MODELS
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
from vi_ik_ros.nodes.training.status_messages import stamp_from_msg
from vi_ik_ros.nodes.training.trainer_client import TrainerClient
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus

FILE = "planar2_line.yaml"
SETTINGS: dict[str, Any] = {"family": "gaussian", "num_components": 4, "steps": 20, "force": True}


class TrainingFeed:
    """Sends sets to one trainer, never two of a name at the same time."""

    def __init__(self, client: TrainerClient, ledger: Ledger) -> None:
        """Send nothing yet.

        Args:
            client: of the trainer.
            ledger: where sets and statuses are noted.
        """
        self._client, self._ledger = client, ledger
        self._document: Mapping = read_yaml(share_dir() / "config" / "objectives" / FILE)

    def fill(self, number: int) -> None:
        """Publish sets until so many have not ended: one is trained, the others wait.

        Raises:
            NoAnswer: the trainer did not get one.
        """
        taken = {model for model, _ in self._ledger.open}
        turn = self._ledger.next_seed % len(MODELS)
        free = [name for name in MODELS[turn:] + MODELS[:turn] if name not in taken]
        for model in free[: max(0, number - len(taken))]:
            seed = self._ledger.next_seed
            message = objectives_to_msg(self._document, model=model, seed=seed, **SETTINGS)
            self._client.publish(message)
            self._ledger.send(model, stamp_from_msg(message.stamp), seed)

    def hear(self, seconds: float) -> bool:
        """Note what the trainer says within `seconds`; tell whether it has said anything."""
        messages = self._client.listen(seconds)
        for message in messages:
            status = JobStatus(
                model=message.model,
                stamp=stamp_from_msg(message.set_stamp),
                state=JobState(message.state),
                message=message.message,
                digest=message.digest,
            )
            self._ledger.hear(status)
        return bool(messages)
