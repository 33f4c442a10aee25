# SPDX-License-Identifier: Apache-2.0
"""From a stored model's objectives and a context to the targets of a whole body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from scipy.spatial import ConvexHull

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.whole_body.body import Balance, FrameTask, WholeBody

AXES = ("x", "y", "z")
FRAME_TYPES = ("pose", "pose_matrix", "position")


@dataclass(frozen=True)
class BodyTargets:
    """The tasks that a model's objectives set, as the refiner wants them.

    Attributes:
        body: robot, frames and centre of mass.
        fixed: (F, 4, 4) T_root_frame; the identity where the context gives it.
        given: task to the columns of the context that give its target.
    """

    body: WholeBody
    fixed: np.ndarray
    given: Mapping[int, slice]

    @classmethod
    def of(cls, robot: RobotModel, document: Mapping) -> "BodyTargets | None":
        """Read a stored model's document; None where its tasks are not only poses and positions."""
        try:
            return cls._read(robot, document)
        except (ViIkError, KeyError):
            return None

    @classmethod
    def _read(cls, robot: RobotModel, document: Mapping) -> "BodyTargets | None":
        items = document["objectives"]["objectives"]
        frames = [item for item in items if _sets_a_frame(item)]
        balanced = [item for item in items if item["transform"]["type"] == "center_of_mass"]
        names, columns = [item["name"] for item in frames], _columns(document["context"])
        if not _supported(items) or len(balanced) > 1 or not set(columns) <= set(names):
            return None
        tasks = [_task(item) for item in frames]
        return cls(
            body=WholeBody.build(robot, tasks, _balance(balanced[0]) if balanced else None),
            fixed=np.stack([_target(item) for item in frames]),
            given={names.index(name): part for name, part in columns.items()},
        )

    @property
    def leading(self) -> int | None:
        """The task whose errors an answer reports; None, the largest of all, without a context."""
        return min(self.given, default=None)

    def targets(self, contexts: np.ndarray) -> np.ndarray:
        """Return T_root_frame (B, F, 4, 4) of contexts (B, dc)."""
        T = np.repeat(self.fixed[None], len(contexts), axis=0)
        for task, columns in self.given.items():
            rows = contexts[:, columns]
            if rows.shape[1] == 7:
                T[:, task] = pose_to_matrix(rows)
            else:
                T[:, task, :3, 3] = rows
        return T


def _sets_a_frame(item: Mapping) -> bool:
    return item["transform"]["type"] in FRAME_TYPES and item["density"]["type"] == "normal"


def _supported(items: Sequence[Mapping]) -> bool:
    """Tell whether all is of one priority, and what is no task only bounds or prefers something."""
    for item in items:
        kind, density = item["transform"]["type"], item["density"]["type"]
        if item.get("priority"):
            return False
        if density == "normal" and kind not in (*FRAME_TYPES, "configuration"):
            return False
        if density not in ("normal", "normal_cdf"):
            return False
        if kind == "center_of_mass" and "polygon" not in item["density"]:
            return False
        axes, offset = item["transform"].get("axes", AXES), item["transform"].get("offset", ())
        if kind == "position" and (tuple(axes) != AXES or any(offset)):
            return False
    return True


def _columns(entries: Sequence[Mapping]) -> dict[str, slice]:
    """Return the columns of the context that give each objective's mean."""
    ends = list(accumulate((int(entry["size"]) for entry in entries), initial=0))
    return {
        entry["objective"]: slice(start, start + int(entry["size"]))
        for entry, start in zip(entries, ends, strict=False)
    }


def _task(item: Mapping) -> FrameTask:
    transform = item["transform"]
    return FrameTask(transform["frame"], transform["type"] == "position")


def _target(item: Mapping) -> np.ndarray:
    """Return the mean as T_root_frame (4, 4), the identity where there is none."""
    mean, T = np.array(item["density"].get("mean", ()), dtype=np.float64), np.eye(4)
    if len(mean) == 7:
        return pose_to_matrix(mean[None])[0]
    T[:3, 3] = mean[:3] if len(mean) else 0.0
    if len(mean) == 12:  # the nearest rotation: the mean need not be one
        U, _, Vt = np.linalg.svd(mean[3:].reshape(3, 3).T)
        T[:3, :3] = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return T


def _balance(item: Mapping) -> Balance:
    """Return the sides of the support polygon."""
    transform = item["transform"]
    sides = np.unique(ConvexHull(np.array(item["density"]["polygon"])).equations.round(12), axis=0)
    directions = np.zeros((len(sides), 3))
    axes = transform.get("axes", AXES)
    directions[:, [AXES.index(axis) for axis in axes]] = sides[:, :2]
    relative_to = transform.get("relative_to", ())
    names = (relative_to,) if isinstance(relative_to, str) else tuple(relative_to)
    return Balance(directions, -sides[:, 2], names)
