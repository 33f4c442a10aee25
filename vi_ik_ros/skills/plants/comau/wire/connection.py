# SPDX-License-Identifier: Apache-2.0
"""The three sockets of a controller, none of which ever blocks the caller once it is connected.

There is no thread: 50 packets of 173 bytes a second are read by whoever ticks, up to what has
arrived, and a message of 29 bytes either fits into the socket's buffer at once or the connection
counts as lost. So every tick sees the newest state there is, in an order that tests can repeat.
"""

import socket

from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    LAYOUT,
    ControllerState,
    decode_state,
)

_SEND_BUFFER = 2048  # [bytes]: old deviations must not queue up behind a controller that hangs
_CHUNK = 4096  # [bytes] of one read
_MOST_CHUNKS = 64  # of one call: 25 minutes of states


class Connection:
    """Three sockets that live and die together.

    Attributes:
        sent: number of messages that went out; the next one carries it.
    """

    def __init__(self, host: str, motion: int, state: int, command: int, timeout: float) -> None:
        """Connect.

        Args:
            host: name or address.
            motion: port for deviations and paths.
            state: port of the states.
            command: port for commands.
            timeout: for each of them [s].

        Raises:
            ConnectionError: if one of them does not answer.
        """
        self.sent = 0
        self._rest = b""
        self._arm: tuple | None = None  # joint mask and types, which never change
        self._sockets: dict[str, socket.socket] = {}
        try:
            for name, port in (("state", state), ("command", command), ("motion", motion)):
                self._sockets[name] = _connect(name, host, port, timeout)
        except ConnectionError:
            self.close()
            raise

    def send_motion(self, message: bytes) -> None:
        """Hand a motion to the network, at once; `ConnectionError` if it does not take it."""
        self._send("motion", message)

    def send_command(self, message: bytes) -> None:
        """Hand a command to the network, at once; `ConnectionError` if it does not take it."""
        self._send("command", message)

    def receive(self) -> list[ControllerState]:
        """Read what has come, at once.

        Returns:
            Every whole state since the last call, oldest first.

        Raises:
            ConnectionError: if a connection was closed, or the bytes are no states.
        """
        for name in ("motion", "command"):
            self._read(name)  # nothing is ever said there, but their end is noticed
        data = self._rest + self._read("state")
        whole = len(data) - len(data) % LAYOUT.size
        self._rest = data[whole:]
        packets = [data[i : i + LAYOUT.size] for i in range(0, whole, LAYOUT.size)]
        try:
            states = [decode_state(packet) for packet in packets]
        except ValueError as error:
            raise ConnectionError(f"the state connection makes no sense: {error}") from error
        for state in states:
            arm = (state.joint_mask, state.joint_types)
            self._arm = self._arm or arm
            if arm != self._arm:  # nothing else in a packet tells that bytes went missing
                text = f"joints: got {arm}, expected {self._arm} as before"
                raise ConnectionError(f"the state connection makes no sense: {text}")
        return states

    def close(self) -> None:
        """Close what is open."""
        for end in self._sockets.values():
            end.close()
        self._sockets = {}

    def _send(self, name: str, message: bytes) -> None:
        try:
            done = self._sockets[name].send(message)
        except BlockingIOError as error:
            raise ConnectionError(f"the {name} connection takes nothing any more") from error
        except OSError as error:
            raise ConnectionError(f"the {name} connection was lost: {error}") from error
        if done != len(message):
            raise ConnectionError(f"the {name} connection took {done} of {len(message)} bytes")
        self.sent += 1

    def _read(self, name: str) -> bytes:
        chunks = []
        for _ in range(_MOST_CHUNKS):
            try:
                chunk = self._sockets[name].recv(_CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                raise ConnectionError(f"the {name} connection was lost: {error}") from error
            if not chunk:
                raise ConnectionError(f"the controller closed the {name} connection")
            chunks.append(chunk)
            if len(chunk) < _CHUNK:
                break
        return b"".join(chunks)


def _connect(name: str, host: str, port: int, timeout: float) -> socket.socket:
    try:
        end = socket.create_connection((host, port), timeout)
    except OSError as error:
        raise ConnectionError(f"no {name} connection to {host}:{port}: {error}") from error
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if name == "motion":
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    end.setblocking(False)
    return end
