# SPDX-License-Identifier: Apache-2.0
"""One call of `~/sample`: convert, solve, convert; an error becomes a code and a line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from vi_ik_ros.exceptions import ModelNotFound, RequestError, ViIkError
from vi_ik_ros.kinematics.pose import matrix_to_pose, pose_to_matrix
from vi_ik_ros.nodes.parameters import SamplerParameters
from vi_ik_ros.nodes.sampling.conversions import (
    answer_to_msg,
    floats_to_msg,
    pose_to_msg,
    poses_from_msg,
    request_from_msg,
)
from vi_ik_ros.nodes.sampling.error_codes import error_code
from vi_ik_ros.nodes.sampling.frames import FrameLookup
from vi_ik_ros.nodes.sampling.served_models import ServedModel, ServedModels
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.srv import SampleConfigurations

Request: TypeAlias = SampleConfigurations.Request
Response: TypeAlias = SampleConfigurations.Response
OnAnswer: TypeAlias = Callable[[ServedModel, SampleRequest, SampleAnswer], None]


@dataclass(frozen=True)
class SamplingService:
    """What `~/sample` does.

    Attributes:
        models: the models to answer with.
        frames: where frames of requests stand.
        parameters: limits and the default model.
        on_fault: called with an exception that nobody foresaw.
    """

    models: ServedModels
    frames: FrameLookup
    parameters: SamplerParameters
    on_fault: Callable[[Exception], None]

    def answer(
        self,
        request: Request,
        on_answer: OnAnswer = lambda model, request, answer: None,
    ) -> Response:
        """Answer a request; `on_answer` sees what was asked and answered, unless it was refused."""
        try:
            model = self.models.get(request.model or self._default_model())
            self._check_size(request, model)
            asked = request_from_msg(request, self._targets(request, model))
            asked = asked.from_wire(model.robot)
            answer = model.solver.solve(asked)
            response = answer_to_msg(answer.to_wire(model.robot))
        except ViIkError as error:
            return Response(error_code=error_code(error), error_msg=str(error))
        except Exception as error:  # A fault of ours must not end the node.
            self.on_fault(error)
            line = " ".join(f"{type(error).__name__}: {error}".split())
            return Response(error_code=Response.INTERNAL, error_msg=line)
        try:
            on_answer(model, asked, answer)
        except Exception as error:  # The answer itself is good.
            self.on_fault(error)
        return response

    def warm_up(self, on_answer: OnAnswer = lambda model, request, answer: None) -> str:
        """Answer a raw and, if possible, a refined request with the default model; say how."""
        name = self.parameters.default_model
        if not name:
            return "no default model"
        try:
            model = self.models.get(name)
        except ViIkError as error:
            return f"waiting for the default model: {error}"
        for refine in (False, True)[: 1 + model.solver.can_refine]:
            response = self.answer(_first_request(model, refine), on_answer)
            if response.error_code != Response.NONE:
                return f"serving {name}, which failed at its first request: {response.error_msg}"
        return f"serving {name}"

    def _default_model(self) -> str:
        if not self.parameters.default_model:
            raise ModelNotFound("model", "", "a name, because the node has no default_model")
        return self.parameters.default_model

    def _check_size(self, request: Request, model: ServedModel) -> None:
        """Refuse what is missing, would keep the node busy or fill its memory."""
        limits, context_size = self.parameters, max(1, model.stored.model.context_size)
        if _takes_targets(model) and not request.targets and not request.context:
            raise RequestError("targets", "none", "one pose or more")
        if not 1 <= request.num_samples <= limits.max_num_samples:
            expected = f"1 to {limits.max_num_samples} (parameter max_num_samples)"
            raise RequestError("num_samples", request.num_samples, expected)
        if len(request.obstacles) > limits.max_obstacles:
            expected = f"at most {limits.max_obstacles} of them (parameter max_obstacles)"
            raise RequestError("obstacles", len(request.obstacles), expected)
        num_targets = max(len(request.targets), len(request.context) // context_size)
        if num_targets > limits.max_targets:
            expected = f"at most {limits.max_targets} of them (parameter max_targets)"
            raise RequestError("targets" if request.targets else "context", num_targets, expected)
        if num_targets * request.num_samples > limits.max_rows:
            expected = f"at most {limits.max_rows // num_targets} with {num_targets} targets"
            raise RequestError("num_samples", request.num_samples, f"{expected} (max_rows)")

    def _targets(self, request: Request, model: ServedModel) -> np.ndarray:
        """Return the targets (B, 7) in the base frame of the model."""
        header = request.header
        T_base_frame = self.frames.pose_of(header.frame_id, header.stamp, model.robot.root)
        targets = poses_from_msg(request.targets)
        if T_base_frame is None or not len(targets):
            return targets
        # The solver checks the quaternions: what is no rotation must reach it as it came.
        valid = np.abs(np.linalg.norm(targets[:, 3:], axis=1) - 1.0) <= 1e-3
        targets[valid] = matrix_to_pose(T_base_frame @ pose_to_matrix(targets[valid]))
        return targets


def _takes_targets(model: ServedModel) -> bool:
    """Tell whether a request gives targets: the context is one pose or one position."""
    kinds = [(entry["kind"], entry["size"]) for entry in model.stored.document["context"]]
    return kinds in ([("pose", 7)], [("position", 3)])


def _first_request(model: ServedModel, refine: bool) -> Request:
    """Return a small request that the model can answer."""
    request = Request(num_samples=8, seed=1, refine=refine, distinct_tolerance=0.2)
    if _takes_targets(model):
        request.targets = [pose_to_msg(matrix_to_pose(model.robot.forward(model.robot.ready)))]
    else:
        request.context = floats_to_msg(_middle(model.stored.document["context"]))
    return request


def _middle(entries: Sequence[Mapping]) -> np.ndarray:
    """Return a context row in the middle of what the model was trained on."""
    rows = [np.mean(entry["range"], axis=0) for entry in entries if entry.get("range")]
    return np.concatenate(rows) if rows else np.empty(0)
