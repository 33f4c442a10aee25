# SPDX-License-Identifier: Apache-2.0
"""The trainings of a running trainer node, for the page."""

from collections.abc import Sequence

from vi_ik_ros.nodes.training.status_messages import status_from_msg
from vi_ik_ros.nodes.training.trainer_client import TrainerClient
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus


class RosTraining:
    """What a trainer node publishes on its status topic."""

    def __init__(self, client: TrainerClient) -> None:
        """Take a client of the node; it stays with who has opened it."""
        self._client = client
        self.title = f"the node {client.server}"

    def listen(self, seconds: float) -> Sequence[JobStatus]:
        """See `TrainingFeed.listen`."""
        statuses = map(status_from_msg, self._client.listen(seconds))
        return [status for status in statuses if status.state is not JobState.IDLE]
