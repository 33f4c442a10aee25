# SPDX-License-Identifier: Apache-2.0
"""A trainer node of one's own."""

from vi_ik_ros.nodes.processes.private_process import PrivateProcess
from vi_ik_ros.nodes.training.trainer_client import TrainerClient


class PrivateTrainer(PrivateProcess[TrainerClient]):
    """A trainer node as a child process; its `client` sends it sets."""

    node = "trainer"

    def make_client(self, domain_id: int) -> TrainerClient:
        """See `PrivateProcess.make_client`."""
        return TrainerClient(self.full_name, domain_id)
