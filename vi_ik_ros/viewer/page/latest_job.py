# SPDX-License-Identifier: Apache-2.0
"""One worker that does the newest job: a dragged gizmo asks faster than a sampler answers."""

import threading
from collections.abc import Callable


class LatestJob:
    """Runs jobs one after the other in one thread; a newer one replaces one that waits."""

    def __init__(self, name: str, failed: Callable[[Exception], None]) -> None:
        """Start the thread.

        Args:
            name: of the thread.
            failed: called in the thread with what a job has raised.
        """
        self._failed = failed
        self._condition = threading.Condition()
        self._waiting: Callable[[], None] | None = None
        self._busy, self._closed = False, False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done, unless a newer one comes before it begins."""
        with self._condition:
            self._waiting = job
            self._condition.notify_all()

    def idle(self, timeout: float) -> bool:
        """Wait until nothing is left to do; return whether that came within `timeout` [s]."""
        with self._condition:
            return self._condition.wait_for(
                lambda: self._waiting is None and not self._busy, timeout
            )

    def close(self, timeout: float = 30.0) -> None:
        """Drop what waits, and give the running job `timeout` [s] to end."""
        with self._condition:
            self._waiting, self._closed = None, True
            self._condition.notify_all()
        self._thread.join(timeout)

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting is not None or self._closed)
                job, self._waiting = self._waiting, None
                if job is None:
                    return
                self._busy = True
            try:
                job()
            except Exception as error:  # noqa: BLE001 (whatever it was, the page must live on)
                self._failed(error)
            with self._condition:
                self._busy = False
                self._condition.notify_all()
