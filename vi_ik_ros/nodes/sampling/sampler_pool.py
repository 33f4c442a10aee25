# SPDX-License-Identifier: Apache-2.0
"""A client of several samplers that serve the same models: it asks them in turn."""

import time
from collections.abc import Sequence
from contextlib import suppress

from rclpy.client import Client

from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.nodes.processes.blocking_client import check_full_name
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.srv import SampleConfigurations

REST = 10.0  # [s]; ROS 2 itself takes 20 s until it believes that a machine is gone


class SamplerPool(SamplerClient):
    """Ask one of several sampler nodes, each time the next one.

    Each has a name of its own: samplers that share one name all compute every answer. One that is
    gone is left out; one that does not answer costs its share of the timeout, then the next is
    asked, and for ten seconds it is itself asked only after all others. That is safe, because a
    request changes nothing, and with a seed of its own it gets the same answer from every sampler
    that serves the same model.

    Attributes:
        server: full names of all nodes, with commas.
    """

    def __init__(
        self, samplers: Sequence[str], domain_id: int | None = None, *, first: int = 0
    ) -> None:
        """Join ROS 2 once for all of them.

        Args:
            samplers: full names of the nodes, such as /cell_1/sampler.
            domain_id: ROS 2 domain; None: that of the environment.
            first: index of the sampler that is asked first, counted on from the last to the first
                again, so that clients which start together do not all begin with the same one.

        Raises:
            InvalidInput: there is none, one is named twice, or no node can have that name.
        """
        names = [f"/{name.strip('/')}" for name in samplers]
        if not names or len(set(names)) < len(names):
            raise InvalidInput("samplers", ", ".join(names) or "none", "one or more, each once")
        for name in names:
            check_full_name(name, self.kind)
        super().__init__(names[0], domain_id)
        self.server = ", ".join(names)
        self._clients = [self._sample, *(self._sample_client(name) for name in names[1:])]
        self._next = first % len(names)
        self._resting_until = dict.fromkeys(self._clients, 0.0)  # [s] of the steady clock

    def wait(self, timeout: float) -> bool:
        """Return whether all samplers are there, after at most `timeout` [s]."""
        return self._until(lambda: all(c.service_is_ready() for c in self._clients), timeout)

    def send(
        self, request: SampleConfigurations.Request, timeout: float = 30.0
    ) -> SampleConfigurations.Response:
        """Send a request to the next sampler that is there; see `SamplerClient.send`.

        Raises:
            NoAnswer: none of them answered within `timeout` [s].
        """
        end, left = time.monotonic() + timeout, len(self._clients)
        for client in self._in_turn():
            share = max(0.0, end - time.monotonic()) / left
            with suppress(NoAnswer):
                return self._call(client, request, share)
            self._resting_until[client] = time.monotonic() + REST
            left -= 1
        raise NoAnswer(f"{self.server}: no answer within {timeout:g} s")

    def _in_turn(self) -> list[Client]:
        """Return the samplers to ask: the next one first, silent ones and then lost ones last."""
        turned = self._clients[self._next :] + self._clients[: self._next]
        self._next = (self._next + 1) % len(self._clients)
        now = time.monotonic()
        return sorted(
            turned, key=lambda c: (not c.service_is_ready(), now < self._resting_until[c])
        )
