# SPDX-License-Identifier: Apache-2.0
"""One call of `~/learn_objectives`: a worker learns while the node goes on spinning."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rclpy.task import Future

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError, RobotError, ViIkError
from vi_ik_ros.msg import ObjectiveSet
from vi_ik_ros.nodes.training.objective_messages import (
    document_from_msg,
    objectives_to_msg,
    options_from_msg,
)
from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore
from vi_ik_ros.sampling.training.jobs.worker_process import FINAL, WorkerProcess
from vi_ik_ros.srv import LearnObjectives

Request: TypeAlias = LearnObjectives.Request
Response: TypeAlias = LearnObjectives.Response

FEWEST = 2  # demonstrations; a spread needs two
_CODES = {
    "objectives": Response.INVALID_OBJECTIVES,
    "settings": Response.INVALID_OBJECTIVES,
    "demonstrations": Response.INVALID_DEMONSTRATIONS,
}


class LearningService:
    """Learns one set at a time from what has been demonstrated."""

    def __init__(
        self,
        demonstrations: DemonstrationStore,
        work: Path,
        limits: Mapping[str, int],
        on_fault: Callable[[Exception], None],
    ) -> None:
        """Learn nothing yet.

        Args:
            demonstrations: what has been recorded.
            work: directory for the rows that a worker reads.
            limits: `threads` and `nice` of a worker.
            on_fault: called with an exception that nobody foresaw.
        """
        self._demonstrations, self._rows = demonstrations, work / "demonstrations.npz"
        self._limits, self._on_fault = limits, on_fault
        self._worker: WorkerProcess | None = None
        self._done: Future | None = None
        self._rows.unlink(missing_ok=True)  # of a trainer that was killed

    async def answer(self, request: Request) -> Response:
        """Learn the numbers of a set; `update` has to be called meanwhile."""
        if self._done is not None:
            line = "another set is being learned: wait for its answer"
            return Response(error_code=Response.BUSY, error_msg=line)
        try:
            self._begin(request)
            event = await self._finished()
            return _response(request, event)
        except ViIkError as error:
            return Response(error_code=_code(error), error_msg=str(error))
        except Exception as error:  # A fault of ours must not end the node.
            self._on_fault(error)
            line = " ".join(f"{type(error).__name__}: {error}".split())
            return Response(error_code=Response.INTERNAL, error_msg=line)
        finally:
            self.close()

    def update(self) -> None:
        """Hear the worker; never waits."""
        if self._worker is None or self._done is None or self._done.done():
            return
        for event in self._worker.events():
            if event["event"] in FINAL:
                self._done.set_result(event)
                return

    def close(self) -> None:
        """Stop."""
        if self._worker is not None:
            self._worker.stop()
        self._worker = self._done = None
        self._rows.unlink(missing_ok=True)

    def _begin(self, request: Request) -> None:
        """Start a worker on the demonstrations of the set's robot."""
        from vi_ik_ros.kinematics.robot_model import RobotModel
        from vi_ik_ros.kinematics.wire_rows import read_named

        document = document_from_msg(request.objectives)
        robot = RobotModel.load(document.get("robot", ""))  # type: ignore[arg-type]
        latest = request.num_latest or None
        read = partial(self._demonstrations.configurations, num_latest=latest)
        q = read_named(robot, read, "demonstrations")
        if len(q) < FEWEST:
            expected = (
                f"{FEWEST} or more recorded on ~/demonstrations, with all joints of the robot"
            )
            raise InvalidInput("demonstrations", f"{len(q)} of {robot.name}", expected)
        np.savez(self._rows, q=q, joint_names=np.array(robot.joint_names))
        self._done = Future()
        self._worker = WorkerProcess(
            {
                "kind": "learn",
                "document": document,
                "demonstrations": str(self._rows),
                "fields": list(request.fields),
                "options": _options(request),
                **self._limits,
            }
        )

    async def _finished(self) -> Mapping:
        """Return the last event of the worker."""
        assert self._done is not None
        event = await self._done
        assert event is not None
        return event


def _options(request: Request) -> dict[str, int | float]:
    """Return the options that the request gives."""
    options = {"seed": request.seed, "holdout": request.holdout}
    given = {"num_components": request.num_components, "max_steps": request.max_steps}
    return options | {name: value for name, value in given.items() if value}


def _response(request: Request, event: Mapping) -> Response:
    """Return the answer to a worker's last event."""
    if event["event"] == "refused":
        code = _CODES.get(event["kind"], Response.INTERNAL)
        return Response(error_code=code, error_msg=event["message"])
    if event["event"] != "learned":
        return Response(error_code=Response.INTERNAL, error_msg="the learning was stopped")
    return Response(
        objectives=_learned_set(request.objectives, event["document"]),
        names=list(event["values"]),
        log_likelihood=float(event["log_likelihood"]),
        held_out=_number(event["held_out"]),
        held_out_stderr=_number(event["held_out_stderr"]),
        num_demonstrations=event["num_demonstrations"],
        converged=event["converged"],
        remarks=list(event["remarks"]),
        elapsed=float(event["seconds"]),
    )


def _learned_set(asked: ObjectiveSet, document: Mapping) -> ObjectiveSet:
    """Return the learned objectives with the training options of the set that was asked about."""
    options = options_from_msg(asked)
    return objectives_to_msg(
        document,
        model=options.model,
        family=options.family,
        force=options.force,
        stamp=asked.stamp,
        **options.settings,  # type: ignore[arg-type]
    )


def _code(error: ViIkError) -> int:
    is_objective = isinstance(error, ObjectiveError | RobotError)
    return Response.INVALID_OBJECTIVES if is_objective else Response.INVALID_DEMONSTRATIONS


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
