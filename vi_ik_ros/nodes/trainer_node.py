# SPDX-License-Identifier: Apache-2.0
"""The trainer node: models from objectives that arrive on a topic."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # Trainings have processes of their own.

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.msg import ObjectiveSet
from vi_ik_ros.nodes.parameters import TrainerParameters, declare
from vi_ik_ros.nodes.qos import latched, requests
from vi_ik_ros.nodes.spinning import spin_node
from vi_ik_ros.srv import LearnObjectives

if TYPE_CHECKING:
    from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase

DEVICES = ("auto", "cpu", "cuda")
POLL = 0.05  # [s] between two looks at the workers
DIAGNOSE = 1.0  # [s] between two messages on /diagnostics


class TrainerNode(Node):
    """Trains what arrives on `~/objectives`, one set at a time, in a process of its own.

    Topics in: `~/objectives` (ObjectiveSet), `~/demonstrations` (JointState).
    Topics out, latched: `~/status` (TrainingStatus), `~/models` (ModelInfo), `~/recorded`
    (Demonstrations), `~/learned_objectives` (ObjectiveSet); and `/diagnostics`.
    Services: `~/cancel`, `~/learn_objectives`, `~/clear_demonstrations`.
    """

    def __init__(self, **kwargs: object) -> None:
        """Open store, queue and demonstrations, then listen.

        Args:
            **kwargs: passed to `rclpy.node.Node` (context, parameter_overrides, namespace, ...).

        Raises:
            ViIkError: a parameter or a directory cannot be used.
        """
        super().__init__("trainer", **kwargs)  # type: ignore[arg-type]
        self._settings = declare(self, TrainerParameters)
        if self._settings.device not in DEVICES:
            expected = f"one of {', '.join(DEVICES)}"
            raise InvalidInput("parameter device", self._settings.device, expected)
        self._learned_out = self.create_publisher(ObjectiveSet, "~/learned_objectives", latched())
        self._database = self._open_database()
        try:
            self._load()
            self._listen()
        except BaseException:  # Its lock would stay for the life of the process.
            self._database.close()
            raise
        self.context.on_shutdown(self.close)

    def _open_database(self) -> "TrainerDatabase":
        # A second of imports: here and below, where Ctrl-C ends them in peace, and not above.
        from vi_ik_ros.sampling.store.model_store import data_home
        from vi_ik_ros.sampling.store.trainer.trainer_database import TrainerDatabase

        told = self._settings.work_directory
        return TrainerDatabase(Path(told).expanduser() if told else data_home() / "trainer")

    def _load(self) -> None:
        from vi_ik_ros.nodes.model_announcer import ModelAnnouncer
        from vi_ik_ros.nodes.sampling.served_models import ServedModels
        from vi_ik_ros.nodes.training.demonstration_recorder import DemonstrationRecorder
        from vi_ik_ros.nodes.training.learning_service import LearningService
        from vi_ik_ros.nodes.training.training_service import TrainingService
        from vi_ik_ros.sampling.store.model_store import ModelStore
        from vi_ik_ros.sampling.store.trainer.demonstration_store import DemonstrationStore
        from vi_ik_ros.sampling.store.trainer.job_queue import JobQueue
        from vi_ik_ros.sampling.training.jobs.trainer import Trainer, TrainerOptions

        settings, told = self._settings, self._settings.model_store
        store = ModelStore(Path(told).expanduser() if told else None)
        work = self._database.path.parent
        demonstrations = DemonstrationStore(
            self._database,
            distance=settings.demonstration_distance,
            capacity=settings.max_demonstrations,
        )
        self._recorder = DemonstrationRecorder(self, demonstrations)
        options = TrainerOptions(
            settings.device, settings.time_limit, settings.threads, settings.nice
        )
        limits = {"threads": settings.threads, "nice": settings.nice}
        self._learning = LearningService(demonstrations, work, limits, self._log_fault)
        self._models = ServedModels(store, prepare=False)
        self._announcer = ModelAnnouncer(self, self._models)
        self._training = TrainingService(
            self,
            lambda on_status: Trainer(
                store,
                JobQueue(self._database),
                work / "work",
                options,
                on_status=on_status,
                on_model=lambda name: self._check_store(),
            ),
            self._log_fault,
        )
        self._models.refresh()
        self._models.wait()
        self._announcer.publish_changed()
        line = f"{len(self._models.listed())} models in {store.root} and {store.shipped}"
        self.get_logger().info(f"{line}; {demonstrations.count} demonstrations in {work}")

    def _listen(self) -> None:
        """Take sets and calls from now on."""
        self.create_subscription(ObjectiveSet, "~/objectives", self._training.submit, requests())
        self.create_service(Trigger, "~/cancel", self._on_cancel)
        own = ReentrantCallbackGroup()  # It waits for the timers below.
        self.create_service(
            LearnObjectives, "~/learn_objectives", self._on_learn, callback_group=own
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # A paused simulation stops no training.
        for period, call in (
            (POLL, self._update),
            (self._settings.status_period, self._training.repeat_status),
            (self._settings.check_period, self._check_store),
            (DIAGNOSE, self._training.diagnose),
        ):
            self.create_timer(period, call, clock=steady)

    def close(self) -> None:
        """Stop what is going on; a training that was not finished goes on at the next start."""
        self._training.close()
        self._learning.close()
        self._database.close()

    def _on_cancel(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._training.cancel(response)

    async def _on_learn(
        self, request: LearnObjectives.Request, _: LearnObjectives.Response
    ) -> LearnObjectives.Response:
        response = await self._learning.answer(request)
        if response.error_code == LearnObjectives.Response.NONE:
            response.objectives.stamp = self.get_clock().now().to_msg()
            self._learned_out.publish(response.objectives)
            if request.train:
                self._training.submit(response.objectives)
        return response

    def _update(self) -> None:
        self._training.update()
        self._learning.update()

    def _check_store(self) -> None:
        try:
            self._models.refresh()
            self._announcer.publish_changed()
        except Exception as error:  # A store that cannot be read is refused when it is needed.
            self._log_fault(error)

    def _log_fault(self, error: Exception) -> None:
        trace = "".join(traceback.format_exception(error))
        self.get_logger().error(f"fault of the trainer node, please report it:\n{trace}")


def main(args: list[str] | None = None) -> int:
    """Run the node until Ctrl-C."""
    return spin_node(TrainerNode, args)


if __name__ == "__main__":
    sys.exit(main())
