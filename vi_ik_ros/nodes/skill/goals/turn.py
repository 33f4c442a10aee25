# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is: a robot carries out one goal at a time, whatever the action."""

import time
from collections.abc import Callable

from rclpy.executors import Executor
from rclpy.node import Node

PATIENCE = 1.5  # [s], for a goal to end with its node
SENT = 0.2  # [s], for its result to leave
SPIN = 0.05  # [s]


class Turn:
    """What the actions of a node share; only the thread of its executor uses it."""

    def __init__(self) -> None:
        self._holder = ""
        self._executor: Executor | None = None

    @property
    def holder(self) -> str:
        """Return what goes on, in words, or '' if a goal can be taken now."""
        return self._holder

    def take(self, holder: str, executor: Executor) -> None:
        """Begin a goal.

        Args:
            holder: what goes on, in words.
            executor: that spins the node.
        """
        self._holder, self._executor = holder, executor

    def give_back(self) -> None:
        """End it."""
        self._holder = ""

    def finish(self, node: Node) -> None:
        """Wait a moment for the goal that goes on; nobody else may spin the node meanwhile."""
        if self._executor is None or not self._holder or not node.context.ok():
            return
        self._executor.add_node(node)  # of no effect where it still is
        self._spin(node, PATIENCE, lambda: not self._holder)
        self._spin(node, SENT, lambda: False)

    def _spin(self, node: Node, seconds: float, condition: Callable[[], bool]) -> None:
        """Spin a node until a condition holds, for some seconds at most."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end and node.context.ok():
            assert self._executor is not None
            self._executor.spin_once(timeout_sec=SPIN)
