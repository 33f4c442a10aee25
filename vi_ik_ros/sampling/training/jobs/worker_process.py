# SPDX-License-Identifier: Apache-2.0
"""A worker as its parent sees it: started, listened to, ended; needs no torch."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue

WORKER = "vi_ik_ros.sampling.training.jobs.worker"
FINAL = ("fitted", "learned", "refused", "stopped")  # events after which a worker ends
TAIL = 50  # lines of its standard error that are kept
# Libraries read them when they are loaded.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


class WorkerProcess:
    """One worker, from its request to its last event.

    The child has a session of its own, so that Ctrl-C reaches only the parent, and ends by itself
    when the parent does: its standard input closes then.
    """

    def __init__(
        self, request: Mapping[str, object], *, log: Callable[[str], None] = lambda line: None
    ) -> None:
        """Start the worker.

        Args:
            request: see `jobs.worker`; its `threads` (default 1) bound all numerical libraries.
            log: called, from another thread, with each line that the worker says.
        """
        self._final = (*FINAL, "checked") if request.get("kind") == "check" else FINAL
        self._log, self._lines = log, deque[str](maxlen=TAIL)
        self._queue = SimpleQueue[dict]()
        self._asked = False
        self._returncode: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, **dict.fromkeys(THREADS, str(request.get("threads", 1)))},
            start_new_session=True,
        )
        errors = threading.Thread(target=self._read_errors, daemon=True)
        self._reader = threading.Thread(target=self._read_events, args=(errors,), daemon=True)
        for thread in (errors, self._reader):
            thread.start()
        self._send(json.dumps(dict(request)))

    @property
    def pid(self) -> int:
        """Return the process id of the worker."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return what `poll` returns."""
        return self._returncode

    def events(self) -> list[dict]:
        """Return the events that have come since the last call, without waiting.

        A worker that ends without a final event, killed or crashed, adds a `refused` one of kind
        `internal` with the reason, unless it was asked to stop.
        """
        found: list[dict] = []
        while True:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                return found

    def poll(self) -> int | None:
        """Return the exit code (minus the signal) once the worker has ended, None until then.

        From then on every event is there for `events`.
        """
        return self._returncode

    def wait(self, timeout: float) -> int | None:
        """Wait at most so long [s] for the end; return what `poll` returns."""
        self._reader.join(timeout)
        return self._returncode

    def stderr_tail(self) -> str:
        """Return the last lines that the worker said."""
        return "\n".join(self._lines)

    def ask_to_stop(self) -> None:
        """Send SIGTERM and do not wait: the worker keeps a checkpoint if it can, and ends."""
        self._asked = True
        self._process.send_signal(signal.SIGTERM)

    def stop(self, patience: float = 2.0) -> int:
        """Ask to stop, kill after `patience` [s]; return the exit code.

        A patience of 0 kills at once: nothing that the worker writes is ever half there.
        """
        self._asked = True
        if patience > 0.0:
            self.ask_to_stop()
            self._reader.join(patience)
        if self._process.poll() is None:
            self._process.kill()
        self._reader.join()
        return self._process.wait()

    def _send(self, line: str) -> None:
        """Write the request; standard input stays open as long as this process lives."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # It is dead already, and its reader says why.
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _read_events(self, errors: threading.Thread) -> None:
        """Read events until the worker ends."""
        assert self._process.stdout is not None
        ended = False
        with self._process.stdout as lines:
            for line in lines:
                event = _event(line)
                if event is not None:
                    ended |= event["event"] in self._final
                    self._queue.put(event)
        code = self._process.wait()
        assert self._process.stdin is not None
        with suppress(OSError):  # the rest of a request that was never read
            self._process.stdin.close()
        errors.join(1.0)
        if not ended and not self._asked:
            self._queue.put(_abnormal_end(code, self._lines))
        self._returncode = code

    def _read_errors(self) -> None:
        """Read what the worker says."""
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self._lines.append(line.rstrip())
                self._log(line.rstrip())


def _event(line: str) -> dict | None:
    """Read one line of a worker's standard output; None if a crash has cut it."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _abnormal_end(code: int, said: deque[str]) -> dict:
    """Return the event that a worker did not live to send."""
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
        reason = f"the training process was ended by {name}{hint}"
    else:
        reason = f"the training process ended with code {code}"
    last = next((line.strip() for line in reversed(said) if line.strip()), "")
    message = f"{reason}: {last}" if last else reason
    return {"event": "refused", "kind": "internal", "field": "", "message": message}
