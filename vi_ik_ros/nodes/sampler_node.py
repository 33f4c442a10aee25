# SPDX-License-Identifier: Apache-2.0
"""The sampler node: warm-start configurations for poses and other contexts, as a service."""

import os

# The matrices of a request are small: on more threads than one, BLAS mostly waits for itself and
# answers take ten times as long on a busy machine. It reads this once, when numpy is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import gc
import sys
import time
import traceback
from pathlib import Path

from rclpy.node import Node
from std_msgs.msg import String

from vi_ik_ros.msg import ModelInfo
from vi_ik_ros.nodes.parameters import SamplerParameters, declare
from vi_ik_ros.nodes.qos import MOST_WAITING, latched, requests
from vi_ik_ros.nodes.recording.introspection import ServiceIntrospection
from vi_ik_ros.nodes.spinning import spin_node
from vi_ik_ros.srv import Connectivity, IntersectModels, ListModels, SampleConfigurations

try:  # Only planners have it.
    from moveit_msgs.srv import GetPositionIK
except ImportError:
    GetPositionIK = None


class SamplerNode(Node):
    """Answers requests with models and about them, publishes `~/models` and the last answer.

    Services: `~/sample`, `~/list_models`, of Gaussian mixtures `~/intersect`, `~/connectivity`, and
    `~/compute_ik` for MoveIt's planners where moveit_msgs is installed.
    Topics: `~/models` (latched, one ModelInfo per model; the last one of a name counts),
    `~/markers` and `~/sampled_joint_states` (the last answer, for RViz), and where the parameters
    want it and tf2 is installed `robot_description` (latched) and transforms on `/tf_static`.
    """

    def __init__(self, **kwargs: object) -> None:
        """Load the default model, then offer the services.

        Args:
            **kwargs: passed to `rclpy.node.Node` (context, parameter_overrides, namespace, ...).
        """
        super().__init__("sampler", **kwargs)  # type: ignore[arg-type]
        self._settings = declare(self, SamplerParameters)
        self._load()
        sample = self.create_service(
            SampleConfigurations, "~/sample", self._on_sample, qos_profile=requests(MOST_WAITING)
        )
        ServiceIntrospection(self, sample, self._settings.service_introspection)
        if self._settings.position_ik and GetPositionIK is not None:
            self.create_service(GetPositionIK, "~/compute_ik", self._position_ik.answer)
        self.create_service(ListModels, "~/list_models", self._on_list_models)
        self.create_service(IntersectModels, "~/intersect", self._on_intersect)
        self.create_service(Connectivity, "~/connectivity", self._on_connectivity)
        if topic := self._settings.models_topic:
            self.create_subscription(ModelInfo, topic, self._on_model_written, latched(16))
        if topic := self._settings.robot_description_topic:
            self.create_subscription(String, topic, self._on_robot_description, latched())
        self.create_timer(self._settings.check_period, self._check_store)
        # What is loaded stays: the garbage collector must not walk it in the middle of a call.
        gc.collect()
        gc.freeze()

    def _load(self) -> None:
        # A second of imports: here, where Ctrl-C ends them in peace, and not above.
        from vi_ik_ros.nodes.model_announcer import ModelAnnouncer
        from vi_ik_ros.nodes.sampling.display.answer_display import AnswerDisplay
        from vi_ik_ros.nodes.sampling.frames import FrameLookup
        from vi_ik_ros.nodes.sampling.mixture_services import MixtureServices
        from vi_ik_ros.nodes.sampling.position_ik.front import PositionIk
        from vi_ik_ros.nodes.sampling.position_ik.groups import read_groups
        from vi_ik_ros.nodes.sampling.sampling_service import SamplingService
        from vi_ik_ros.nodes.sampling.served_models import ServedModels
        from vi_ik_ros.sampling.store.model_store import ModelStore

        settings = self._settings
        root = Path(settings.model_store).expanduser() if settings.model_store else None
        store = ModelStore(root)
        self._models = ServedModels(
            store,
            robot=settings.robot,
            urdf_text=settings.robot_description,
            max_num_samples=settings.max_num_samples,
            num_threads=settings.threads or None,
            remark=self._log,
        )
        frames = FrameLookup(self)
        self._service = SamplingService(self._models, frames, settings, self._log_fault)
        default = settings.default_model
        groups = read_groups(settings.position_ik_groups)
        self._position_ik = PositionIk(
            self._models, frames, groups, default, settings.position_ik_samples, self._log_fault
        )
        self._display = AnswerDisplay(self, settings)
        self._announcer = ModelAnnouncer(self, self._models, default)
        self._mixtures = MixtureServices(self._models, store, default, self._log_fault)
        started = time.monotonic()
        line = self._service.warm_up(self._display.show)
        self._models.refresh()
        self._models.wait()
        self._announcer.publish_changed()
        self.get_logger().info(f"{line} ({time.monotonic() - started:.1f} s)")

    def _on_sample(
        self, request: SampleConfigurations.Request, _: SampleConfigurations.Response
    ) -> SampleConfigurations.Response:
        return self._service.answer(request, on_answer=self._display.show)

    def _on_list_models(
        self, _: ListModels.Request, response: ListModels.Response
    ) -> ListModels.Response:
        try:
            response.models = self._announcer.infos()
        except Exception as error:  # As in ~/sample: a fault must not end the node.
            self._log_fault(error)
            response.error_code, response.error_msg = ListModels.Response.INTERNAL, repr(error)
        response.default_model = self._settings.default_model
        return response

    def _on_intersect(
        self, request: IntersectModels.Request, _: IntersectModels.Response
    ) -> IntersectModels.Response:
        response = self._mixtures.intersect(request)
        self._check_store()  # Who listens to ~/models learns of the product now.
        return response

    def _on_connectivity(
        self, request: Connectivity.Request, _: Connectivity.Response
    ) -> Connectivity.Response:
        return self._mixtures.connectivity(request)

    def _on_model_written(self, info: ModelInfo) -> None:
        self.get_logger().debug(f"model {info.name} announced")
        self._check_store()

    def _on_robot_description(self, message: String) -> None:
        self._models.use_urdf(message.data)

    def _check_store(self) -> None:
        try:
            self._models.refresh()
            self._announcer.publish_changed()
        except Exception as error:  # A store that cannot be read leaves what is served in use.
            self._log_fault(error)

    def _log(self, line: str) -> None:
        self.get_logger().info(line)

    def _log_fault(self, error: Exception) -> None:
        trace = "".join(traceback.format_exception(error))
        self.get_logger().error(f"fault of the sampler node, please report it:\n{trace}")


def main(args: list[str] | None = None) -> int:
    """Run the node until Ctrl-C."""
    return spin_node(SamplerNode, args)


if __name__ == "__main__":
    sys.exit(main())
