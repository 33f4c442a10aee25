# SPDX-License-Identifier: Apache-2.0
"""Samples of a running sampler node, for the page."""

from collections.abc import Sequence
from dataclasses import replace

from vi_ik_ros.kinematics.wire_rows import from_wire
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.sampling.store.curves.training_curve import TrainingCurve
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.viewer.page.sample.local_sampler import LocalSampler
from vi_ik_ros.viewer.page.sample.sampler import SampledModel

WAIT = 10.0  # [s] for the node to be there


class RosSampler:
    """A sampler node over ROS 2; what its models and robots are is read from a store."""

    def __init__(self, client: SamplerClient, store: ModelStore) -> None:
        """Take a client.

        Args:
            client: of the node; it stays with who has opened it.
            store: holds the node's models, too.
        """
        self._described, self._client = LocalSampler(store), client
        self.title = f"the node {client.server}"

    def model_names(self) -> Sequence[str]:
        """Return the models that the node can use and the store holds.

        Raises:
            NoAnswer: there is no such node.
        """
        known = set(self._described.model_names())
        return [name for name in self._client.model_names(WAIT) if name in known]

    def model(self, name: str) -> SampledModel:
        """Describe a model; see `Sampler.model`."""
        return self._described.model(name)

    def curve(self, name: str) -> TrainingCurve | None:
        """Return how the fit of a model went, as the store on this machine has it."""
        return self._described.curve(name)

    def sample(self, name: str, request: SampleRequest) -> SampleAnswer:
        """Ask the node; see `Sampler.sample`."""
        answer = self._client.sample(request, model=name)
        robot = self.model(name).robot
        positions = from_wire(robot, answer.positions, "positions")
        return replace(answer, joint_names=tuple(robot.joint_names), positions=positions)
