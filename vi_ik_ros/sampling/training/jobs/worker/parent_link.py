# SPDX-License-Identifier: Apache-2.0
"""A worker's side of its pipes: the request, the events, when to end."""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import NoReturn

GRACE = 0.7  # [s] that an update may take to end after SIGTERM, so that a checkpoint is kept
LOST = 1  # exit code of a worker without a parent


class ParentLink:
    """The line to the parent process.

    Standard output belongs to the events: whatever else is printed goes to standard error. Two
    threads wait, one for SIGTERM, one for the end of standard input; they work while others
    compute, and they end the process themselves if they have to.
    """

    def __init__(self) -> None:
        """Take the pipes and the signal; nothing that starts threads may have been loaded."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        sys.stdout.flush()
        self._events = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._stop, self.can_keep = threading.Event(), False
        threading.Thread(target=self._await_signal, daemon=True).start()

    @property
    def stopping(self) -> bool:
        """Tell whether SIGTERM has come."""
        return self._stop.is_set()

    def request(self) -> dict:
        """Read the request, and from then on end when standard input does.

        Raises:
            ValueError: the line is no JSON mapping.
        """
        received = b""
        while b"\n" not in received:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                self.end(LOST)
            received += chunk
        threading.Thread(target=self._await_end, daemon=True).start()
        request = json.loads(received)
        if not isinstance(request, dict):
            raise ValueError("a request is a JSON mapping")
        return request

    def send(self, event: str, fields: Mapping[str, object]) -> None:
        """Send one event."""
        with self._lock:
            self._write(event, fields)

    def end(
        self, code: int, event: str = "", fields: Mapping[str, object] | None = None
    ) -> NoReturn:
        """Send the last event, if there is one, and end the process at once.

        Nothing is torn down, which would take longer than most answers.
        """
        with self._lock:  # Never released: no other thread says anything after the last event.
            if event:
                self._write(event, fields or {})
            sys.stderr.flush()
            os._exit(code)

    def _write(self, event: str, fields: Mapping[str, object]) -> None:
        try:
            self._events.write(json.dumps({"event": event, **fields}) + "\n")
            self._events.flush()
        except BrokenPipeError:
            os._exit(LOST)

    def _await_signal(self) -> None:
        signal.sigwait({signal.SIGTERM})
        self._stop.set()
        if self.can_keep:
            threading.Event().wait(GRACE)
        self.end(0, "stopped", {"checkpoint": False})

    def _await_end(self) -> None:
        while os.read(0, 1 << 16):
            pass
        os._exit(LOST)
