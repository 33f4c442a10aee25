# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and SIGTERM as the usual end of what would go on for ever."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """Return an event that Ctrl-C and SIGTERM set: nothing is cut off in the middle."""
    stopped = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
