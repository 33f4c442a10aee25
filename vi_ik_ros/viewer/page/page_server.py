# SPDX-License-Identifier: Apache-2.0
"""The web server behind the page: on one port, quiet, and never reachable by a tunnel."""

import contextlib
import errno
import io
import logging
import socket

import viser

from vi_ik_ros.exceptions import InvalidInput

LOOPBACK = "127.0.0.1"
EXPECTED = {  # of a port, by what speaks against the one that is wanted
    errno.EADDRINUSE: "a free port; another program listens on it",
    errno.EACCES: "a port that this user may listen at, 1024 or higher",
}


class PageServer(viser.ViserServer):
    """Viser's server without its notes on standard output and without its public tunnel."""

    def __init__(self, host: str = LOOPBACK, port: int = 8080) -> None:
        """Listen.

        Args:
            host: address of the network interface; 0.0.0.0 for all.
            port: 0 for any that is free.

        Raises:
            InvalidInput: the port is taken, or the host is none of this machine.
        """
        check_port(host, port)
        # Browsers open connections ahead and drop them, which would be told as errors.
        logging.getLogger("websockets.server").setLevel(logging.CRITICAL)
        with contextlib.redirect_stdout(io.StringIO()):
            super().__init__(host=host, port=port, label="vi-ik", verbose=False)
        self.gui.configure_theme(
            control_width="medium", show_logo=False, show_share_button=False, dark_mode=False
        )

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        host = self.get_host()
        return f"http://{LOOPBACK if host == '0.0.0.0' else host}:{self.get_port()}"

    def request_share_url(self, verbose: bool = True) -> str | None:
        """Refuse: the page belongs to who has started it."""
        return None

    def stop(self) -> None:
        """Stop serving."""
        with contextlib.redirect_stdout(io.StringIO()):
            super().stop()


def check_port(host: str, port: int) -> None:
    """Refuse a port that another program listens on; viser would take another one in silence.

    Raises:
        InvalidInput: the field is `--port` or `--host`.
    """
    if not 0 <= port < 2**16:
        raise InvalidInput("--port", port, "0 (any that is free) to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise InvalidInput("--host", host, "an address of this machine") from None
        except OSError as error:
            if error.errno in EXPECTED:
                raise InvalidInput("--port", port, EXPECTED[error.errno]) from None
            raise InvalidInput("--host", host, "an address of this machine") from None
