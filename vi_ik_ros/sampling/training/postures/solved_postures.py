# SPDX-License-Identifier: Apache-2.0
"""Random configurations, solved until they meet what the objectives fix."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vi_ik_ros.exceptions import ObjectiveError, RobotError
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import Distance
from vi_ik_ros.sampling.training.postures.fixed_tasks import FixedTasks
from vi_ik_ros.sampling.warm_start.whole_body import layout
from vi_ik_ros.sampling.warm_start.whole_body.body import WholeBody
from vi_ik_ros.sampling.warm_start.whole_body.refine import refine_whole_body

BATCH = 256  # starts that are solved inside the same limits
MARGIN = 0.15  # [rad or m], and a part of the range: how much narrower those are, at most
LEAST_PART = 0.01  # of the starts that must become postures
TRIAL = 16  # batches before that is judged


def solve_postures(
    product: ProductOfExperts, tasks: FixedTasks, num_postures: int, seed: int
) -> np.ndarray:
    """Return postures (n, D) that meet the fixed tasks, up to noise of their densities.

    Starts are uniform in the limits, a floating base stands at its nominal pose. Refined joints
    often stop at a limit; for these to spread, every batch has limits of its own, a little inside.
    Where the objectives have a self-distance, postures in self-collision are left out.

    Args:
        product: the objectives.
        tasks: what is fixed of them.
        num_postures: n.
        seed: of starts, limits and targets.

    Raises:
        ObjectiveError: hardly any start leads to a posture.
    """
    robot, rng = product.chain.robot, np.random.default_rng([seed, 20_240_602])
    collides = _self_collision(product, tasks.body)
    found: list[np.ndarray] = []
    count, batches = 0, 0
    while count < num_postures:
        body, lower, upper = _narrowed(tasks.body, rng)
        starts = rng.uniform(lower, upper, (BATCH, robot.nq))
        num_base = robot.tree.num_base
        starts[:, :num_base] = robot.ready[:num_base]
        refined = refine_whole_body(body, tasks.draw(BATCH, rng), starts, num_threads=1)
        postures = refined.q[refined.converged]
        if collides is not None and len(postures):
            postures = postures[~collides(postures)]
        found.append(postures)
        count, batches = count + len(postures), batches + 1
        if batches >= TRIAL and count < LEAST_PART * batches * BATCH:
            names = ", ".join(sorted(tasks.names))
            part = f"{count / (batches * BATCH):.2%} of the starts"
            expected = f"at least {LEAST_PART:.0%} to meet them without self-collision"
            raise ObjectiveError(f"objectives {names}", part, expected)
    return np.concatenate(found)[:num_postures]


def _narrowed(
    body: WholeBody, rng: np.random.Generator
) -> tuple[WholeBody, np.ndarray, np.ndarray]:
    """Return the body inside narrower limits, and these limits (D,), (D,)."""
    coordinates = body.coordinates.copy()
    lower, upper = coordinates[:, layout.LOWER].copy(), coordinates[:, layout.UPPER].copy()
    most = np.minimum(MARGIN, MARGIN * (upper - lower))
    most[coordinates[:, layout.CONTINUOUS] > 0.0] = 0.0
    lower += most * rng.uniform(0.01, 1.0, len(most))
    upper -= most * rng.uniform(0.01, 1.0, len(most))
    coordinates[:, layout.LOWER], coordinates[:, layout.UPPER] = lower, upper
    return replace(body, coordinates=coordinates), lower, upper


def avoids(product: ProductOfExperts) -> bool:
    """Tell whether the objectives keep the robot's parts away from each other."""
    return any(isinstance(e.transform, Distance) and e.transform.pairs for e in product.experts)


def _self_collision(
    product: ProductOfExperts, body: WholeBody
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return what tells colliding rows if the objectives ask for it and there is geometry."""
    try:
        return body.self_collision().in_collision if avoids(product) else None
    except RobotError:
        return None
