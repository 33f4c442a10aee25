# SPDX-License-Identifier: Apache-2.0
"""Hand poses and stances that Talos can hold, of two kinds, and postures for a database."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation

from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.training.postures.fixed_tasks import FixedTasks
from vi_ik_ros.sampling.training.postures.solved_postures import solve_postures
from vi_ik_ros.sampling.warm_start.whole_body.body_targets import BodyTargets
from vi_ik_ros.sampling.warm_start.whole_body.refine import RefinedBody, refine_whole_body

FILE = "talos_reach"
SHIFT, TURN = 0.1, 0.4  # [m], [rad] std of a hand pushed out of its posture, for the shifted set
NARROW = 0.6  # part of the range about half sitting, where its postures start


@dataclass(frozen=True)
class Stage:
    """The robot, its tasks, and how configurations are judged.

    A target is a context row: the poses of the left hand and of the left foot.

    Attributes:
        objectives: Of config/objectives/talos_reach.yaml, in float64.
        tasks: Feet, balance and hand, as the solver reads them.
        collision: Self-collision by coal.
    """

    objectives: Objectives
    tasks: BodyTargets
    collision: SelfCollision

    @classmethod
    def load(cls) -> "Stage":
        """Read the objectives."""
        path = share_dir() / "config" / "objectives" / f"{FILE}.yaml"
        objectives = load_objectives(path)
        entries = [
            {"objective": e.objective, "size": e.size, "kind": e.kind}
            for e in objectives.context_entries
        ]
        document = {"objectives": objectives.document, "context": entries}
        tasks = BodyTargets.of(objectives.robot, document)
        assert tasks is not None
        return cls(objectives, tasks, SelfCollision(objectives.robot))

    @property
    def robot(self) -> RobotModel:
        """The robot."""
        return self.objectives.robot

    @cached_property
    def exact(self) -> FixedTasks:
        """Feet and balance without any noise; the left foot anywhere in its bounds."""
        tasks = FixedTasks.of(self.objectives.product)
        assert tasks is not None
        return replace(tasks, std=np.zeros_like(tasks.std))

    def refine(self, contexts: np.ndarray, q: np.ndarray) -> RefinedBody:
        """Refine starts (N, D) towards contexts (N, dc), or (1, dc) for all, on one thread."""
        return refine_whole_body(self.tasks.body, self.tasks.targets(contexts), q, num_threads=1)

    def fits(self, converged: np.ndarray, q: np.ndarray) -> np.ndarray:
        """Tell which rows (N,) of q (N, D) have converged without touching themselves."""
        fits = converged.copy()
        fits[fits] = ~self.collision.in_collision(q[fits])
        return fits

    def contexts(self, q: np.ndarray) -> np.ndarray:
        """Return the contexts (N, dc) that postures (N, D) answer."""
        frames = [self.tasks.body.tasks[task].frame for task in sorted(self.tasks.given)]
        poses = [matrix_to_pose(self.robot.forward(q, frame)) for frame in frames]
        return np.concatenate(poses, axis=1)

    def database(self, postures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Put the right foot of postures exactly in place.

        Returns:
            postures (N, D) and the contexts (N, dc) that they answer.
        """
        contexts = self.contexts(postures)
        refined = self.refine(contexts, postures)
        return refined.q[refined.converged], contexts[refined.converged]


def hard_targets(stage: Stage, num_targets: int, seed: int) -> np.ndarray:
    """Return contexts (n, dc) of full-range postures that touch nothing."""
    product = stage.objectives.product
    return stage.contexts(solve_postures(product, stage.exact, num_targets, seed))


def shifted_targets(stage: Stage, num_targets: int, seed: int) -> np.ndarray:
    """Return contexts (n, dc) of other postures: nearer to half sitting, the hand pushed away."""
    robot, rng = stage.robot, np.random.default_rng([seed, 3])
    found: list[np.ndarray] = []
    while sum(map(len, found)) < num_targets:
        q = rng.uniform(robot.lower, robot.upper, (256, robot.nq))
        q[:, :6] = robot.ready[:6]
        q = robot.ready + NARROW * (q - robot.ready)
        stands = refine_whole_body(stage.exact.body, stage.exact.draw(256, rng), q)
        q = stands.q[stands.converged]
        push = np.tile(np.eye(4), (len(q), 1, 1))
        push[:, :3, :3] = Rotation.from_rotvec(TURN * rng.standard_normal((len(q), 3))).as_matrix()
        push[:, :3, 3] = SHIFT * rng.standard_normal((len(q), 3))
        contexts = stage.contexts(q)
        hands = robot.forward(q, stage.tasks.body.tasks[0].frame) @ push
        contexts[:, :7] = matrix_to_pose(hands)
        refined = stage.refine(contexts, q)
        found.append(contexts[stage.fits(refined.converged, refined.q)])
    return np.concatenate(found)[:num_targets]
