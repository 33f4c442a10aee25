# SPDX-License-Identifier: Apache-2.0
"""A skill node of one's own."""

from vi_ik_ros.nodes.processes.private_process import PrivateProcess
from vi_ik_ros.nodes.skill.skill_client import SkillClient


class PrivateSkill(PrivateProcess[SkillClient]):
    """A skill node as a child process; its `client` has it carry out episodes."""

    node = "skill"

    def make_client(self, domain_id: int) -> SkillClient:
        """See `PrivateProcess.make_client`."""
        return SkillClient(self.full_name, domain_id)
