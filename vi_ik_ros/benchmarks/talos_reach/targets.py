# SPDX-License-Identifier: Apache-2.0
"""Hand poses that Talos can hold while it stands, of two kinds, and postures for a database."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import Objectives, load_objectives
from vi_ik_ros.sampling.training.postures.fixed_tasks import FixedTasks
from vi_ik_ros.sampling.training.postures.solved_postures import solve_postures
from vi_ik_ros.sampling.warm_start.whole_body.body import WholeBody
from vi_ik_ros.sampling.warm_start.whole_body.body_targets import BodyTargets
from vi_ik_ros.sampling.warm_start.whole_body.refine import RefinedBody, refine_whole_body

FILE = "talos_hand"
SHIFT, TURN = 0.1, 0.4  # [m], [rad] std of a hand pushed out of its posture, for the shifted set
NARROW = 0.6  # part of the range about half sitting, where its postures start


@dataclass(frozen=True)
class Stage:
    """The robot, its tasks, and how configurations are judged.

    Attributes:
        objectives: Of config/objectives/talos_hand.yaml, in float64.
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

    def refine(self, T_world_hand: np.ndarray, q: np.ndarray) -> RefinedBody:
        """Refine starts (N, D) towards hands (N, 4, 4), on one thread."""
        targets = np.repeat(self.tasks.fixed[None], len(q), axis=0)
        targets[:, self.tasks.leading] = T_world_hand
        return refine_whole_body(self.tasks.body, targets, q, num_threads=1)

    def fits(self, refined: RefinedBody) -> np.ndarray:
        """Tell which rows (N,) have converged without touching themselves."""
        fits = refined.converged.copy()
        fits[fits] = ~self.collision.in_collision(refined.q[fits])
        return fits

    def hands(self, q: np.ndarray) -> np.ndarray:
        """Return T_world_hand (N, 4, 4)."""
        assert self.tasks.leading is not None
        return self.robot.forward(q, self.tasks.body.tasks[self.tasks.leading].frame)

    def database(self, postures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Put the feet of postures exactly in place.

        Returns:
            postures (N, D) and their hands (N, 4, 4).
        """
        hands = self.hands(postures)
        refined = self.refine(hands, postures)
        return refined.q[refined.converged], hands[refined.converged]


def hard_targets(stage: Stage, num_targets: int, seed: int) -> np.ndarray:
    """Return hands (n, 4, 4) of full-range postures that touch nothing."""
    tasks = FixedTasks.of(stage.objectives.product)
    assert tasks is not None
    exact = replace(tasks, std=np.zeros_like(tasks.std))
    return stage.hands(solve_postures(stage.objectives.product, exact, num_targets, seed))


def shifted_targets(stage: Stage, num_targets: int, seed: int) -> np.ndarray:
    """Return hands (n, 4, 4) of other postures: nearer to half sitting, then pushed away."""
    robot, rng = stage.robot, np.random.default_rng([seed, 3])
    fixed = [i for i in range(len(stage.tasks.fixed)) if i not in stage.tasks.given]
    stand = WholeBody.build(robot, [stage.tasks.body.tasks[i] for i in fixed])
    ground = stage.tasks.fixed[fixed]
    found: list[np.ndarray] = []
    while sum(map(len, found)) < num_targets:
        q = rng.uniform(robot.lower, robot.upper, (256, robot.nq))
        q[:, :6] = robot.ready[:6]
        q = refine_whole_body(stand, ground, robot.ready + NARROW * (q - robot.ready)).q
        push = np.tile(np.eye(4), (len(q), 1, 1))
        push[:, :3, :3] = Rotation.from_rotvec(TURN * rng.standard_normal((len(q), 3))).as_matrix()
        push[:, :3, 3] = SHIFT * rng.standard_normal((len(q), 3))
        hands = stage.hands(q) @ push
        found.append(hands[stage.fits(stage.refine(hands, q))])
    return np.concatenate(found)[:num_targets]
