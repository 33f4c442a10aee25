# SPDX-License-Identifier: Apache-2.0
"""Requests whose answers are known beforehand from a solver in this process."""

import time
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.nodes.sampling.served_models import ServedModel
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest

MODEL = "panda_pose"
NUM_SAMPLES = 32
DISTINCT_TOLERANCE = 0.2  # [rad]


@dataclass(frozen=True)
class Questions:
    """Requests with their answers.

    Attributes:
        requests: asked in turn.
        positions: of each answer, (rows, nq).
        digests: of the models that give these answers.
        cpu_seconds: processor time of each answer, without ROS [s], (n,).
    """

    requests: tuple[SampleRequest, ...]
    positions: tuple[np.ndarray, ...]
    digests: tuple[str, ...]
    cpu_seconds: np.ndarray

    def request(self, number: int) -> SampleRequest:
        """Return the request of a number; they are taken in turn."""
        return self.requests[number % len(self.requests)]

    def is_right(self, number: int, answer: SampleAnswer) -> bool:
        """Tell whether an answer is bit for bit the one of the solver in this process."""
        expected = self.positions[number % len(self.positions)]
        return answer.model_digest in self.digests and np.array_equal(answer.positions, expected)


def ask_here(served: ServedModel, count: int, rng: np.random.Generator) -> Questions:
    """Draw requests for refined, distinct configurations at reachable poses, and answer them.

    Args:
        served: the model with its solver.
        count: of the requests.
        rng: draws the poses.
    """
    robot = served.robot
    q = rng.uniform(robot.lower, robot.upper, (count, robot.nq))
    requests: list[SampleRequest] = []
    positions, seconds = [], []
    for index, pose in enumerate(matrix_to_pose(robot.forward(q))):
        request = SampleRequest(
            targets=pose[None],
            num_samples=NUM_SAMPLES,
            seed=index + 1,
            refine=True,
            distinct_tolerance=DISTINCT_TOLERANCE,
        )
        if not requests:
            served.solver.solve(request)  # what is compiled or read at the first call
        begin = time.process_time()
        answer = served.solver.solve(request)
        seconds.append(time.process_time() - begin)
        requests.append(request)
        positions.append(answer.positions)
    digests = (served.stored.digest,)
    return Questions(tuple(requests), tuple(positions), digests, np.array(seconds))
