# SPDX-License-Identifier: Apache-2.0
"""What takes longer than a control period: in a thread of its own, one at a time."""

from collections.abc import Callable
from concurrent.futures import Future as Done
from concurrent.futures import ThreadPoolExecutor

from rclpy.task import Future


class Worker:
    """Calls what waits, and lets a coroutine of a node wait for it without stopping the node.

    Args:
        threaded: false: calls are made at once, by the caller; of simulations, which do not wait.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._pool = ThreadPoolExecutor(1, "robot_worker") if threaded else None
        self._done: Done | None = None
        self._future: Future | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a call goes on: nobody else may touch what it works on."""
        return self._done is not None

    def run(self, call: Callable[[], object]) -> Future:
        """Begin a call; the future ends with its result in a `poll`."""
        assert self._done is None, "one call at a time"
        future: Future = Future()
        if self._pool is None:
            future.set_result(call())
        else:
            self._done, self._future = self._pool.submit(call), future
        return future

    def poll(self) -> None:
        """Hear whether the call has ended; never waits."""
        if self._done is None or not self._done.done():
            return
        assert self._future is not None
        done, future = self._done, self._future
        self._done = self._future = None
        error = done.exception()
        if error is None:
            future.set_result(done.result())
        else:
            assert isinstance(error, Exception)
            future.set_exception(error)

    def close(self, patience: float = 2.0) -> None:
        """Wait for the call, but not for ever.

        Args:
            patience: [s].
        """
        if self._done is not None:
            try:
                self._done.exception(patience)
            except TimeoutError:
                pass
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
