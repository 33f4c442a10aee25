# SPDX-License-Identifier: Apache-2.0
"""A blocking client of the sampler node, for programs that are not nodes themselves."""

from rclpy.client import Client

from vi_ik_ros.exceptions import ViIkError
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.qos import MOST_WAITING, requests
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


class SamplerClient(BlockingClient):
    """Ask one sampler node and wait for the answer."""

    kind = "sampler"

    def __init__(self, sampler: str = "/sampler", domain_id: int | None = None) -> None:
        """Make the client; see `BlockingClient`."""
        super().__init__(sampler, domain_id)
        node, server = self._node, self.server
        self._sample = self._sample_client(server)
        self._list: Client = node.create_client(ListModels, f"{server}/list_models")

    def _sample_client(self, server: str) -> Client:
        """Return a client of `~/sample` of a sampler that may have many others."""
        waiting = requests(MOST_WAITING)
        name = f"{server}/sample"
        return self._node.create_client(SampleConfigurations, name, qos_profile=waiting)

    def wait(self, timeout: float) -> bool:
        """See `BlockingClient.wait`."""
        return self._until(self._sample.service_is_ready, timeout)

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
        response = self.send(request_to_msg(request, model, frame), timeout)
        if response.error_code != SampleConfigurations.Response.NONE:
            raise Refused(response.error_code, response.error_msg)
        return answer_from_msg(response)

    def send(
        self, request: SampleConfigurations.Request, timeout: float = 30.0
    ) -> SampleConfigurations.Response:
        """Send a request as it is and return what comes back, errors included.

        Raises:
            NoAnswer: nothing came within `timeout` [s].
        """
        return self._call(self._sample, request, timeout)

    def model_names(self, timeout: float = 10.0) -> list[str]:
        """Return the names of the models that the node can use."""
        models = self._call(self._list, ListModels.Request(), timeout).models
        return [info.name for info in models if not info.refusal]
