# SPDX-License-Identifier: Apache-2.0
"""A sampler node of one's own."""

from vi_ik_ros.nodes.processes.private_process import PrivateProcess
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient


class PrivateSampler(PrivateProcess[SamplerClient]):
    """A sampler node as a child process; its `client` asks it."""

    node = "sampler"

    def make_client(self, domain_id: int) -> SamplerClient:
        """See `PrivateProcess.make_client`."""
        return SamplerClient(self.full_name, domain_id)
