# SPDX-License-Identifier: Apache-2.0
"""From the targets of a request to context rows for the model and tip poses for the refiner."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vi_ik_ros.exceptions import ContextError, RequestError, RobotError
from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.answering.request import SampleRequest, check_poses

SIZES = {"pose": 7, "position": 3}


@dataclass(frozen=True)
class Targets:
    """B targets, as the model and as the refiner want them.

    Attributes:
        contexts: (B, dc) context rows.
        T_root_tip: (B, 4, 4), or None where the context holds no pose and no position of a tip.
    """

    contexts: np.ndarray
    T_root_tip: np.ndarray | None

    def part(self, rows: slice) -> "Targets":
        """Return some of the targets."""
        T = None if self.T_root_tip is None else self.T_root_tip[rows]
        return Targets(self.contexts[rows], T)


class TargetReader:
    """Knows what the context of one model means on its robot.

    Attributes:
        kinds: Kind and size of each context entry.
        chain: The joints that move the tip, or None where the model places no serial tip.
        position_only: Whether the context places the tip without its orientation.
        from_poses: Whether a request may give targets: the context is one pose or one position.
    """

    def __init__(self, robot: RobotModel, document: Mapping) -> None:
        """Read the context entries of a stored model's document."""
        self._robot, entries = robot, document["context"]
        self.kinds = tuple((entry["kind"], int(entry["size"])) for entry in entries)
        self._names = tuple(str(entry.get("name", entry["kind"])) for entry in entries)
        self.num_columns = sum(size for _, size in self.kinds)
        ends = np.cumsum([0, *(size for _, size in self.kinds)]).tolist()
        columns = [slice(a, b) for a, b in pairwise(ends)]
        self._pose_columns = [columns[i] for i, kind in enumerate(self.kinds) if kind[0] == "pose"]
        places = [i for i, kind in enumerate(self.kinds) if kind in SIZES.items()]
        self.from_poses, self.position_only, self.chain, self._tip = False, False, None, robot.tip
        if len(places) != 1:
            return
        entry = entries[places[0]]
        self._columns, self._tip = columns[places[0]], _tip_of(document, entry["objective"], robot)
        self.from_poses = len(self.kinds) == 1
        self.position_only = entry["kind"] == "position"
        self.chain = _chain(robot, self._tip)

    def read(self, request: SampleRequest) -> Targets:
        """Convert the targets or the context of a request.

        Raises:
            ContextError: The context does not fit the model.
            RequestError: The targets, the tip frame or the tip offset cannot be used.
        """
        poses, context = np.asarray(request.targets), np.asarray(request.context)
        if poses.size and context.size:
            raise RequestError("context", f"{context.size} numbers", "none beside targets")
        T_tip_tool = self._tool(request)
        if not poses.size:
            return self._from_context(context, T_tip_tool)
        if not self.from_poses:
            raise RequestError("targets", f"{len(poses)} poses", self._wanted())
        if self.position_only:  # the orientation is ignored, so it may be anything
            poses = np.array(poses, dtype=np.float64)
            poses[:, 3:] = (0.0, 0.0, 0.0, 1.0)
        T_root_tip = pose_to_matrix(check_poses("targets", poses))
        if T_tip_tool is not None:
            T_root_tip = T_root_tip @ np.linalg.inv(T_tip_tool)
        return Targets(self._contexts(T_root_tip), T_root_tip if self.chain else None)

    def _from_context(self, context: np.ndarray, T_tip_tool: np.ndarray | None) -> Targets:
        """Read context rows, flat or (B, dc)."""
        size = self.num_columns
        if size == 0 and not context.size:
            return Targets(np.empty((1, 0)), None)
        if size == 0 or not context.size or context.size % size:
            raise ContextError("context", f"{context.size} numbers", self._wanted())
        contexts = np.array(context, dtype=np.float64).reshape(-1, size)
        bad = ~np.isfinite(contexts).all(axis=1)
        if bad.any():
            i = int(np.argmax(bad))
            raise ContextError(f"context[{i}]", contexts[i].tolist(), "finite numbers")
        for columns in self._pose_columns:
            contexts[:, columns] = check_poses("context", contexts[:, columns], ContextError)
        if self.chain is None:
            return Targets(contexts, None)
        placed = contexts[:, self._columns]
        T_root_tip = np.tile(np.eye(4), (len(contexts), 1, 1))
        if self.position_only:
            T_root_tip[:, :3, 3] = placed
        else:
            T_root_tip = pose_to_matrix(placed)
        if T_tip_tool is not None:
            T_root_tip = T_root_tip @ np.linalg.inv(T_tip_tool)
            contexts[:, self._columns] = self._contexts(T_root_tip)
        return Targets(contexts, T_root_tip)

    def _tool(self, request: SampleRequest) -> np.ndarray | None:
        """Return T_tip_tool of the frame that the targets place, None for the tip itself."""
        offset = np.asarray(request.tip_offset, dtype=np.float64)
        if offset.shape != (7,):
            raise RequestError("tip_offset", f"shape {offset.shape}", "x y z qx qy qz qw")
        moved = request.tip_frame not in ("", self._tip) or offset[:3].any()
        if not moved and (not offset[3:].any() or np.array_equal(offset[3:], [0, 0, 0, 1])):
            return None
        if self.chain is None:
            field = "tip_frame" if request.tip_frame else "tip_offset"
            raise RequestError(field, getattr(request, field), "none: the model places no tip")
        if not offset[3:].any():
            offset = np.concatenate([offset[:3], [0.0, 0.0, 0.0, 1.0]])
        T_tip_tool = pose_to_matrix(check_poses("tip_offset", offset[None]))[0]
        try:
            T_tip_frame = self._robot.rigid_transform(self._tip, request.tip_frame or self._tip)
        except RobotError as error:
            raise RequestError("tip_frame", request.tip_frame, error.expected) from error
        T_tip_tool = T_tip_frame @ T_tip_tool
        if self.position_only and np.abs(T_tip_tool[:3, 3]).max() > 1e-9:
            field = "tip_frame" if request.tip_frame else "tip_offset"
            expected = "no distance from the tip, because the model knows no orientation"
            raise RequestError(field, getattr(request, field), expected)
        return T_tip_tool

    def _contexts(self, T_root_tip: np.ndarray) -> np.ndarray:
        """Return tip poses as the model's columns."""
        return T_root_tip[:, :3, 3].copy() if self.position_only else matrix_to_pose(T_root_tip)

    def _wanted(self) -> str:
        """Say what the model takes."""
        if self.num_columns == 0:
            return "none: the model takes no context and is one target"
        described = zip(self._names, self.kinds, strict=True)
        entries = ", ".join(f"{name} ({kind}, {size})" for name, (kind, size) in described)
        where = "targets, or a context" if self.from_poses else "a context"
        return f"{where} of {self.num_columns} numbers for each target: {entries}"


def _tip_of(document: Mapping, objective: str, robot: RobotModel) -> str:
    """Return the frame that an objective of a model places, the robot's tip if it names none."""
    for item in document.get("objectives", {}).get("objectives", ()):
        if item.get("name") == objective:
            return item.get("transform", {}).get("frame") or robot.tip
    return robot.tip


def _chain(robot: RobotModel, tip: str) -> SerialChain | None:
    """Return the joints that move a tip, None where they are no serial chain."""
    if robot.floating_base:
        return None
    try:
        return robot.serial_chain(tip)
    except RobotError:
        return None
