# SPDX-License-Identifier: Apache-2.0
"""What of a product the refiner can hold: frames at known places, and the centre of mass."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from vi_ik_ros.sampling.experts.context_entry import ContextDistribution
from vi_ik_ros.sampling.experts.densities import Normal, NormalCdf
from vi_ik_ros.sampling.experts.expert import Expert
from vi_ik_ros.sampling.experts.product import ProductOfExperts
from vi_ik_ros.sampling.experts.transforms import CenterOfMass, Pose, PoseMatrix, Position
from vi_ik_ros.sampling.warm_start.whole_body.body import Balance, FrameTask, WholeBody

AXES = ("x", "y", "z")


@dataclass(frozen=True)
class FixedTasks:
    """Frames of a product whose targets no context gives, or one that bounds whole poses.

    Attributes:
        body: robot, frames and centre of mass, as the refiner wants them.
        targets: (F, 4, 4) T_root_frame, the means; of a bounded one the middle.
        std: (F, 2) of positions [m] and orientations [rad] about them; 0 for the latter where
            they are open, and for bounded ones: their noise is the context's.
        spread: (F, 6) half the range of a bounded one's position [m] and rotation vector [rad].
        names: of all experts that `body` holds.
    """

    body: WholeBody
    targets: np.ndarray
    std: np.ndarray
    spread: np.ndarray
    names: frozenset[str]

    @classmethod
    def of(cls, product: ProductOfExperts) -> Self | None:
        """Gather the tasks of the first priority; None where no frame has a known place."""
        given = {entry.objective: entry.distribution for entry in product.context_entries}
        boxes = {name: box for name, box in given.items() if box.is_box}
        first = [
            e
            for e in product.experts
            if e.priority == 0 and (e.name in boxes or e.name not in given)
        ]
        held = [expert for expert in first if expert.name in boxes or _is_held(expert)]
        if not held:
            return None
        tasks = [FrameTask(e.transform.frames[0], isinstance(e.transform, Position)) for e in held]
        balanced = next((expert for expert in first if _is_balance(expert)), None)
        balance = None if balanced is None else _balance(balanced)
        names = frozenset(e.name for e in (*held, *([balanced] if balanced else ())))
        bounds = [boxes.get(expert.name) for expert in held]
        return cls(
            body=WholeBody.build(product.chain.robot, tasks, balance),
            targets=np.stack([_target(e, box) for e, box in zip(held, bounds, strict=True)]),
            std=np.array([(0.0, 0.0) if e.name in boxes else _std(e) for e in held]),
            spread=np.array([_half_range(box) for box in bounds]),
            names=names,
        )

    def draw(self, num_rows: int, rng: np.random.Generator) -> np.ndarray:
        """Draw targets (n, F, 4, 4) about the means, uniformly where there are bounds."""
        noise = rng.standard_normal((num_rows, len(self.targets), 6))
        noise *= np.repeat(self.std, 3, axis=1)
        if self.spread.any():
            noise += rng.uniform(-self.spread, self.spread, noise.shape)
        targets = np.repeat(self.targets[None], num_rows, axis=0)
        turned = _POSE.retract(torch.from_numpy(targets), torch.from_numpy(noise))
        return turned.numpy()


_POSE = Pose("")


def _is_held(expert: Expert) -> bool:
    """Tell a frame with a fixed target, all three coordinates or a pose."""
    transform, density = expert.transform, expert.density
    if not isinstance(density, Normal) or density.mean is None:
        return False
    if isinstance(transform, Position):
        return transform.axes == AXES and not any(transform.offset)
    return isinstance(transform, Pose | PoseMatrix)


def _is_balance(expert: Expert) -> bool:
    return isinstance(expert.transform, CenterOfMass) and isinstance(expert.density, NormalCdf)


def _half_range(box: ContextDistribution | None) -> np.ndarray:
    """Return half the range (6,) of bounds, 0 without them."""
    if box is None:
        return np.zeros(6)
    return 0.5 * np.subtract(box.upper, box.lower)


def _target(expert: Expert, box: ContextDistribution | None) -> np.ndarray:
    """Return the mean, or the middle of bounds, as T_root_frame (4, 4)."""
    if box is not None:
        middle = torch.from_numpy(0.5 * np.add(box.lower, box.upper))
        return _POSE.retract(torch.eye(4, dtype=torch.float64), middle).numpy()
    assert isinstance(expert.density, Normal) and expert.density.mean is not None
    mean = expert.density.mean.detach().cpu().double().numpy()
    if isinstance(expert.transform, Pose):
        return mean
    T = np.eye(4)
    T[:3, 3] = mean[:3]
    if isinstance(expert.transform, PoseMatrix):  # the nearest rotation: a mean need not be one
        U, _, Vt = np.linalg.svd(mean[3:].reshape(3, 3).T)
        T[:3, :3] = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return T


def _std(expert: Expert) -> tuple[float, float]:
    """Return a standard deviation of the position [m] and of the orientation [rad]."""
    assert isinstance(expert.density, Normal)
    scale = expert.density.scale.detach().cpu().double().numpy()
    std = scale if scale.ndim == 1 else np.sqrt((scale**2).sum(1))
    if isinstance(expert.transform, Position):
        return float(std.mean()), 0.0
    # entries of a rotation matrix move by about sqrt(2 / 3) of the rotation vector's
    factor = 1.0 if isinstance(expert.transform, Pose) else 1.5**0.5
    return float(std[:3].mean()), float(factor * std[3:].mean())


def _balance(expert: Expert) -> Balance:
    """Return the bounds of the centre of mass as half-planes."""
    transform, density = expert.transform, expert.density
    assert isinstance(transform, CenterOfMass) and isinstance(density, NormalCdf)
    lower, upper = density.lower.cpu().double().numpy(), density.upper.cpu().double().numpy()
    size = len(transform.axes)
    given = density.directions
    rows = np.eye(size) if given is None else given.cpu().double().numpy()
    directions = np.zeros((len(rows), 3))
    directions[:, [AXES.index(axis) for axis in transform.axes]] = rows
    directions, bounds = np.concatenate([directions, -directions]), np.concatenate([upper, -lower])
    length, finite = np.linalg.norm(directions, axis=1), np.isfinite(bounds)
    directions, bounds = directions / length[:, None], bounds / length
    return Balance(directions[finite], bounds[finite], transform.relative_to)
