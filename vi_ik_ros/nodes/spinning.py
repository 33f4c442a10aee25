# SPDX-License-Identifier: Apache-2.0
"""How every node of this package runs as a process: clean on Ctrl-C and SIGTERM."""

import signal
import sys
from collections.abc import Callable
from typing import ClassVar

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from vi_ik_ros.exceptions import ViIkError


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM.

    Not a KeyboardInterrupt: one that passes through a C extension while it is being imported makes
    Python end with the signal's exit code, whoever catches it later.

    Attributes:
        came: whether it came at all.
    """

    came: ClassVar[bool] = False


def spin_node(make: Callable[[], Node], args: list[str] | None = None) -> int:
    """Make a node and spin it until Ctrl-C, SIGTERM or a shutdown of its context.

    Returns:
        Exit code: 0, or 2 with one line on standard error when the node refuses its parameters.
    """
    # Also while the node is loading, and in a shell's background job, which ignores SIGINT.
    for firmness in (signal.SIGINT, signal.SIGTERM):
        signal.signal(firmness, _stop)
    try:
        rclpy.init(args=args)
        rclpy.spin(make())
    except (_Stopped, KeyboardInterrupt, ExternalShutdownException):
        return 0
    except ViIkError as error:
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
        rclpy.try_shutdown()
    return 0


def _stop(*_: object) -> None:
    _Stopped.came = True
    raise _Stopped
