# SPDX-License-Identifier: Apache-2.0
"""How every node of this package runs as a process: clean on Ctrl-C and SIGTERM."""

import signal
import sys
from collections.abc import Callable
from typing import ClassVar, TypeVar

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from vi_ik_ros.exceptions import ViIkError

AnyNode = TypeVar("AnyNode", bound=Node)


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM.

    Not a KeyboardInterrupt: one that passes through a C extension while it is being imported makes
    Python end with the signal's exit code, whoever catches it later.

    Attributes:
        came: whether it came at all.
    """

    came: ClassVar[bool] = False


def spin_node(
    make: Callable[[], AnyNode],
    args: list[str] | None = None,
    *,
    last_words: Callable[[AnyNode], None] | None = None,
) -> int:
    """Make a node and spin it until Ctrl-C, SIGTERM or a shutdown of its context.

    Args:
        make: makes it.
        args: of the command line.
        last_words: what the node does at its end while ROS 2 still works, so that it can talk to
            others. ROS 2 then does not hear the signal, and the node ends at the next event that
            wakes it: it needs a timer.

    Returns:
        Exit code: 0, or 2 with one line on standard error when the node refuses its parameters.
    """
    # Also while the node is loading, and in a shell's background job, which ignores SIGINT.
    for firmness in (signal.SIGINT, signal.SIGTERM):
        signal.signal(firmness, _stop)
    node = None
    options = SignalHandlerOptions.ALL if last_words is None else SignalHandlerOptions.NO
    try:
        rclpy.init(args=args, signal_handler_options=options)
        node = make()
        rclpy.spin(node)
    except (_Stopped, KeyboardInterrupt, ExternalShutdownException):
        return 0
    except ViIkError as error:
        if _Stopped.came:  # An import that was broken off looks like a missing package.
            return 0
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception:
        # ROS 2 hears the signal as well: what is being made at that moment may fail first.
        if not _Stopped.came:
            raise
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # A second Ctrl-C changes nothing any more.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if last_words is not None and node is not None:
            last_words(node)
        rclpy.try_shutdown()
    return 0


def _stop(*_: object) -> None:
    _Stopped.came = True
    raise _Stopped
