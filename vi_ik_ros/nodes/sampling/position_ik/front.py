# SPDX-License-Identifier: Apache-2.0
"""One call of `~/compute_ik`: convert, solve, take the best configuration, convert."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vi_ik_ros.exceptions import ModelNotFound, ViIkError
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.kinematics.robot_model import wrap
from vi_ik_ros.nodes.sampling.frames import FrameLookup
from vi_ik_ros.nodes.sampling.position_ik.codes import Code, Refusal, code_of
from vi_ik_ros.nodes.sampling.position_ik.conversions import (
    Question,
    question_from_msg,
    refusal_to_msg,
    solution_to_msg,
)
from vi_ik_ros.nodes.sampling.served_models import ServedModel, ServedModels
from vi_ik_ros.sampling.warm_start.answering.request import check_poses
from vi_ik_ros.sampling.warm_start.answering.targets import TargetReader
from vi_ik_ros.sampling.warm_start.refine import refine
from vi_ik_ros.sampling.warm_start.solver import SampleRequest, TargetStatus

NEAR = 0.5  # [rad or m], a refined seed state as near as this is taken without looking further


@dataclass(frozen=True)
class PositionIk:
    """What `~/compute_ik` does.

    Attributes:
        models: the models to answer with.
        frames: where frames of requests stand.
        groups: model of each group that is not named as its model.
        default_model: of requests that name no group.
        num_samples: configurations among which the nearest to the seed state is taken.
        on_fault: called with an exception that nobody foresaw.
    """

    models: ServedModels
    frames: FrameLookup
    groups: Mapping[str, str]
    default_model: str
    num_samples: int
    on_fault: Callable[[Exception], None]

    def answer(self, request: Any, response: Any) -> Any:  # noqa: ANN401 (an optional package's type)
        """Answer a `GetPositionIK.Request`."""
        asked = request.ik_request
        try:
            question = question_from_msg(asked)
            model = self._model(question.group)
            q = self._solve(question, model)
            state = dict(zip(model.robot.joint_names, q.tolist(), strict=True))
            return solution_to_msg(state, model.robot.root, asked, response)
        except ViIkError as error:
            return refusal_to_msg(code_of(error), str(error), response)
        except Exception as error:  # A fault of ours must not end the node.
            self.on_fault(error)
            line = " ".join(f"{type(error).__name__}: {error}".split())
            return refusal_to_msg(Code.FAILURE, line, response)

    def _model(self, group: str) -> ServedModel:
        """Return the model of a group."""
        name = self.groups.get(group, group) or self.default_model
        if not name:
            raise Refusal(Code.INVALID_GROUP_NAME, "group_name: got '', and there is no default")
        try:
            return self.models.get(name)
        except ModelNotFound as error:
            line = f"group_name: got {group or 'nothing'}, expected {error.expected}"
            if self.groups:
                line += f", or a group of position_ik_groups: {', '.join(self.groups)}"
            raise Refusal(Code.INVALID_GROUP_NAME, line) from None

    def _solve(self, question: Question, model: ServedModel) -> np.ndarray:
        """Return the best configuration (nq,): near the seed state if there is one.

        Raises:
            ViIkError: there is none, or something of the question cannot be used.
        """
        began = time.perf_counter()
        reader = TargetReader(model.robot, model.stored.document)
        if not reader.from_poses or reader.position_only or reader.chain is None:
            line = f"group_name: {model.stored.name} does not place one tip by one pose"
            raise Refusal(Code.INVALID_GROUP_NAME, line)
        reference = question.reference(model.robot.joint_names)
        request = SampleRequest(
            targets=self._target(question, model.robot.root),
            num_samples=self.num_samples if reference.size else 1,
            refine=True,
            reference=reference,
            tip_frame=question.link,
            avoid_self_collision=question.avoid_collisions,
        )
        found = _from_seed_state(request, model, reader) if reference.size else []
        if found and _distance(model, found[0], reference) <= NEAR:
            return _turned(model, found[0], reference)
        if question.timeout:
            left = question.timeout - (time.perf_counter() - began)
            request = replace(request, timeout=max(left, 1e-4))
        answer = model.solver.solve(request)
        found += list(answer.positions[answer.converged])
        if not found:
            timed_out = answer.target_status[0] == TargetStatus.TIMEOUT
            code = Code.TIMED_OUT if timed_out else Code.NO_IK_SOLUTION
            raise Refusal(code, answer.target_msg[0])
        if not reference.size:
            return found[0]
        best = min(found, key=lambda q: _distance(model, q, reference))
        return _turned(model, best, reference)

    def _target(self, question: Question, base: str) -> np.ndarray:
        """Return the pose (1, 7) in the base frame."""
        pose = check_poses("targets", question.pose[None])
        T_base_frame = self.frames.pose_of(question.frame, question.stamp, base)
        if T_base_frame is None:
            return pose
        return matrix_to_pose(T_base_frame @ pose_to_matrix(pose))


def _from_seed_state(
    request: SampleRequest, model: ServedModel, reader: TargetReader
) -> list[np.ndarray]:
    """Return the seed state refined, if that meets the pose: what small steps need."""
    q, chain, T_root_tip = (
        np.array(request.reference),
        reader.chain,
        reader.read(request).T_root_tip,
    )
    assert chain is not None and T_root_tip is not None
    q = np.where(model.robot.continuous, wrap(q), q)
    refined = refine(chain, T_root_tip, q[None, chain.columns], num_threads=1)
    q[chain.columns] = refined.q[0]
    if not refined.converged[0] or not model.robot.within_limits(q[None])[0]:
        return []
    touches = request.avoid_self_collision and model.solver.self_collision.in_collision(q[None])[0]
    return [] if touches else [q]


def _distance(model: ServedModel, q: np.ndarray, reference: np.ndarray) -> float:
    """Return the largest joint difference [rad or m]."""
    return float(np.abs(_turned(model, q, reference) - reference).max())


def _turned(model: ServedModel, q: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return q (nq,) with its continuous joints on the turn of a reference."""
    return np.where(model.robot.continuous, reference + wrap(q - reference), q)
