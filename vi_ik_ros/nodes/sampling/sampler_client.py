# SPDX-License-Identifier: Apache-2.0
"""A blocking client of the sampler node, for programs that are not nodes themselves."""

import time
from types import TracebackType
from typing import Any, Self

import rclpy
from rclpy.client import Client
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from vi_ik_ros.exceptions import NoAnswer, ViIkError
from vi_ik_ros.nodes.sampling.conversions import answer_from_msg, request_to_msg
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.srv import ListModels, SampleConfigurations


class Refused(ViIkError):
    """The sampler node refused a request.

    Attributes:
        code: the `error_code` of the answer.
    """

    def __init__(self, code: int, message: str) -> None:
        """Keep the code; the message is the node's."""
        self.code = code
        super().__init__(message)


class SamplerClient:
    """Ask one sampler node and wait for the answer.

    It has its own context, so it lives beside any other use of rclpy in the same process.
    """

    def __init__(self, sampler: str = "/sampler", domain_id: int | None = None) -> None:
        """Make the client.

        Args:
            sampler: full name of the sampler node.
            domain_id: ROS 2 domain; None: that of the environment.
        """
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain_id)
        self._node = Node("sampler_client", context=self._context, enable_rosout=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._sampler = sampler
        self._sample: Client = self._node.create_client(SampleConfigurations, f"{sampler}/sample")
        self._list: Client = self._node.create_client(ListModels, f"{sampler}/list_models")

    def wait(self, timeout: float) -> bool:
        """Return whether the sampler is there, after at most `timeout` [s]."""
        return self._sample.wait_for_service(timeout_sec=timeout)

    def sample(
        self, request: SampleRequest, *, model: str = "", frame: str = "", timeout: float = 30.0
    ) -> SampleAnswer:
        """Send one request and return its answer.

        Args:
            request: what is wanted.
            model: name of a model; '' = the default of the node.
            frame: frame of the targets; '' = the base of the model.
            timeout: longest time to wait for the answer [s].

        Raises:
            Refused: the node answered with an error code.
            NoAnswer: nothing came in time.
        """
        response = self._call(self._sample, request_to_msg(request, model, frame), timeout)
        if response.error_code != SampleConfigurations.Response.NONE:
            raise Refused(response.error_code, response.error_msg)
        return answer_from_msg(response)

    def model_names(self, timeout: float = 10.0) -> list[str]:
        """Return the names of the models that the node can use."""
        models = self._call(self._list, ListModels.Request(), timeout).models
        return [info.name for info in models if not info.refusal]

    def _call(self, client: Client, request: object, timeout: float) -> Any:  # noqa: ANN401
        future = client.call_async(request)
        start = time.monotonic()
        self._executor.spin_until_future_complete(future, timeout_sec=timeout)
        if not future.done():
            client.remove_pending_request(future)
            waited = time.monotonic() - start
            raise NoAnswer(f"{self._sampler}: no answer within {waited:.1f} s")
        return future.result()

    def close(self) -> None:
        """Leave ROS 2."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
