# SPDX-License-Identifier: Apache-2.0
"""Plan to a pose behind a wall: RRT-Connect from one start to many sampled goal configurations.

`python examples/planner_client.py` with `vi-ik up` running; with --smoke it starts its own node.
Every configuration that the sampler finds off the obstacles is a root of the goal tree.
"""

import sys
import time

import numpy as np

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.kinematics.collisions.clearance import LinkClearance
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.sampling.warm_start.obstacles import read_obstacles
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

TARGET = np.array([[0.40, 0.45, 0.30, 1.0, 0.0, 0.0, 0.0]])  # of the flange, pointing down [m]
WALL = {"type": "box", "pose": [0.5, 0.22, 0.4], "size": [0.6, 0.04, 0.8]}
SHELF = {"type": "box", "pose": [0.45, 0.5, 0.7], "size": [0.5, 0.5, 0.04]}
MARGIN, STRIDE, STEP, TRIES = 0.02, 0.3, 0.05, 20_000  # [m], [rad] a branch, [rad] a check, -


class Planner:
    """RRT-Connect: a tree from the start and one from all goals grow towards each other."""

    def __init__(self, robot: RobotModel, seed: int) -> None:
        self.robot, self.rng, self.num_checks = robot, np.random.default_rng(seed), 0
        self.distance = LinkClearance(robot).distance_to(read_obstacles((WALL, SHELF)))
        self.touches = SelfCollision(robot).in_collision

    def free(self, a: np.ndarray, b: np.ndarray) -> bool:
        """Check the straight line between two configurations (nq,), b included."""
        for q in np.linspace(a, b, int(np.ceil(np.abs(b - a).max() / STEP)) + 1)[1:, None]:
            self.num_checks += 1
            if self.distance(q)[0] < MARGIN or self.touches(q)[0]:
                return False
        return True

    def grow(self, tree: list, toward: np.ndarray) -> bool:
        """Add a branch, the path from a root to a new configuration, if its last line is free."""
        near = min(tree, key=lambda path: np.abs(path[-1] - toward).max())
        gap = toward - near[-1]
        part = STRIDE / max(np.abs(gap).max(), STRIDE)
        q = toward if part == 1.0 else near[-1] + part * gap
        if not self.free(near[-1], q):
            return False
        tree.append([*near, q])
        return True

    def plan(self, start: np.ndarray, goals: np.ndarray) -> np.ndarray:
        """Return a path (N, nq) from the start to one of the goals (G, nq)."""
        trees = here, there = [[start]], [[goal] for goal in goals]
        for _ in range(TRIES):
            if self.grow(here, self.rng.uniform(self.robot.lower, self.robot.upper)):
                while self.grow(there, here[-1][-1]):
                    if there[-1][-1] is here[-1][-1]:
                        return self.shortened(trees[0][-1] + trees[1][-1][-2::-1])
            here, there = there, here
        raise SystemExit("no path was found")

    def shortened(self, path: list[np.ndarray], rounds: int = 150) -> np.ndarray:
        """Replace parts of a path by straight lines where these are free."""
        for _ in range(rounds):
            a, b = sorted(self.rng.integers(len(path), size=2))
            if b - a > 1 and self.free(path[a], path[b]):
                path[a + 1 : b] = []
        return np.array(path)


def main() -> int:
    """Sample goals, plan, print."""
    robot = RobotModel.load("panda")
    request = SampleRequest(
        targets=TARGET, num_samples=20, seed=1, refine=True, avoid_self_collision=True,
        obstacles=(WALL, SHELF), obstacle_margin=MARGIN,
    )  # fmt: skip
    with PrivateSampler({}) if "--smoke" in sys.argv else SamplerClient() as node:
        answer = getattr(node, "client", node).sample(request)
    goals, planner, began = answer.positions[answer.converged], Planner(robot, 0), time.monotonic()
    path = planner.plan(robot.ready, goals)
    took, length = time.monotonic() - began, np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    print(
        f"{len(goals)} goals in {1e3 * answer.elapsed:.0f} ms; path of {len(path)} points,", end=" "
    )
    print(f"{length:.2f} rad, {planner.num_checks} checks, {took:.2f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ViIkError as error:
        sys.exit(str(error))
