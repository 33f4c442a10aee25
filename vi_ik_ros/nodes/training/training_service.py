# SPDX-License-Identifier: Apache-2.0
"""The trainer over topics: convert, call, convert."""

from collections.abc import Callable
from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from std_srvs.srv import Trigger

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.msg import ObjectiveSet, TrainingStatus
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.training.objective_messages import document_from_msg, options_from_msg
from vi_ik_ros.nodes.training.status_messages import (
    diagnostics_to_msg,
    stamp_from_msg,
    status_to_msg,
)
from vi_ik_ros.sampling.training.jobs.job_status import JobState, JobStatus, Reason
from vi_ik_ros.sampling.training.jobs.trainer import Trainer
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob

STATUS_DEPTH = 16  # A late reader gets the last states of several sets.


class TrainingService:
    """Gives sets to a trainer and says where they stand."""

    def __init__(
        self,
        node: Node,
        make_trainer: Callable[[Callable[[JobStatus], None]], Trainer],
        on_fault: Callable[[Exception], None],
    ) -> None:
        """Make the trainer and its publishers.

        Args:
            node: whose topics are used.
            make_trainer: makes the trainer, given what hears its statuses.
            on_fault: called with an exception that nobody foresaw.
        """
        self._node, self._on_fault = node, on_fault
        self._status_out = node.create_publisher(TrainingStatus, "~/status", latched(STATUS_DEPTH))
        self._diagnostics_out = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._trainer = make_trainer(self._on_status)
        self._publish(self._trainer.status)

    def submit(self, message: ObjectiveSet) -> None:
        """Train a set, or refuse it: ~/status says which."""
        stamp = stamp_from_msg(message.stamp)
        refusal = JobStatus(model=message.model, stamp=stamp, state=JobState.REFUSED)
        try:
            options = options_from_msg(message)
            job = TrainingJob(
                model=options.model,
                document=document_from_msg(message),
                family=options.family,
                settings=options.settings,
                force=options.force,
            )
            self._trainer.submit(job, stamp)
        except ViIkError as error:
            self._on_status(replace(refusal, reason=Reason.OBJECTIVES, message=str(error)))
        except Exception as error:  # Whatever came, the node goes on.
            self._on_fault(error)
            line = " ".join(f"{type(error).__name__}: {error}".split())
            self._on_status(replace(refusal, reason=Reason.INTERNAL, message=line))

    def cancel(self, response: Trigger.Response) -> Trigger.Response:
        """Cancel the training that is going on."""
        name, queued = self._trainer.cancel(), self._trainer.queued
        response.success = bool(name)
        response.message = f"cancelled {name}" if name else "nothing is being trained"
        response.message += f"; next: {queued[0]}" if queued else ""
        return response

    def update(self) -> None:
        """Hear the training, begin the next one."""
        try:
            self._trainer.update()
        except Exception as error:  # Such as a full disk under the queue.
            self._on_fault(error)

    def repeat_status(self) -> None:
        """Publish where the training stands."""
        self._publish(self._trainer.status)

    def diagnose(self) -> None:
        """Publish the diagnostics."""
        stamp, name = self._node.get_clock().now().to_msg(), self._node.get_fully_qualified_name()
        trainer = self._trainer
        message = diagnostics_to_msg(trainer.status, stamp, trainer.queued, name)
        self._diagnostics_out.publish(message)

    def close(self) -> None:
        """Stop; what was not finished goes on at the next start."""
        self._trainer.close()

    def _on_status(self, status: JobStatus) -> None:
        """Publish a new state, and say in the log what a user should know of it."""
        self._publish(status)
        words = f"{status.model}: {status.state.name.lower()}"
        words += f" ({status.message})" if status.message else ""
        logger = self._node.get_logger()
        if status.state in (JobState.REFUSED, JobState.FAILED):
            logger.warning(words)
        else:
            logger.info(words)
        if status.state is JobState.TRAINING:
            for line in status.warnings:
                logger.warning(f"{status.model}: {line}")

    def _publish(self, status: JobStatus) -> None:
        stamp = self._node.get_clock().now().to_msg()
        self._status_out.publish(status_to_msg(status, stamp, self._trainer.queued))
