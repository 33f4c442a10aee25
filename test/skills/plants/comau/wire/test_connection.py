# SPDX-License-Identifier: Apache-2.0
import socket
from dataclasses import replace

import pytest

from vi_ik_ros.skills.plants.comau.wire.connection import Connection
from vi_ik_ros.skills.plants.comau.wire.controller_state import encode_state

from .test_controller_state import STATE

PACKET = encode_state(STATE)


class Peer:
    """The other ends, as plain sockets; on the loopback interface bytes arrive at once."""

    def __init__(self) -> None:
        self.listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        self.ports = [listener.getsockname()[1] for listener in self.listeners]
        self.connection = Connection("127.0.0.1", *self.ports, timeout=1.0)
        self.motion, self.state, self.command = [each.accept()[0] for each in self.listeners]

    def close(self) -> None:
        for end in (*self.listeners, self.motion, self.state, self.command, self.connection):
            end.close()


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.close()


def test_every_split_of_the_stream_gives_the_same_states(peer):
    data = PACKET + encode_state(replace(STATE, time=STATE.time + 1)) + PACKET
    for cut in (1, 172, 173, 174, 400, len(data) - 1):
        times = []
        for part in (data[:cut], data[cut:]):
            peer.state.sendall(part)
            times += [state.time - STATE.time for state in peer.connection.receive()]
        assert times == [0, 1, 0]


def test_nothing_to_read_is_no_state_and_does_not_block(peer):
    assert peer.connection.receive() == []
    peer.state.sendall(PACKET[:100])
    assert peer.connection.receive() == []


def test_a_long_backlog_comes_in_one_call(peer):
    peer.state.sendall(PACKET * 100)
    assert len(peer.connection.receive()) == 100


def test_a_packet_of_another_arm_is_refused(peer):
    peer.state.sendall(PACKET)
    peer.connection.receive()
    peer.state.sendall(encode_state(replace(STATE, joint_mask=0x7F)))
    with pytest.raises(ConnectionError, match="joints"):
        peer.connection.receive()


@pytest.mark.parametrize("name", ["motion", "state", "command"])
def test_a_closed_end_is_named(peer, name):
    getattr(peer, name).close()
    with pytest.raises(ConnectionError, match=name):
        peer.connection.receive()


def test_messages_arrive_and_are_counted(peer):
    peer.connection.send_motion(b"motion")
    peer.connection.send_command(b"command")
    assert (peer.motion.recv(64), peer.command.recv(64)) == (b"motion", b"command")
    assert peer.connection.sent == 2


def test_a_controller_that_does_not_read_is_lost_instead_of_waited_for(peer):
    with pytest.raises(ConnectionError, match="motion connection"):
        for _ in range(1_000_000):
            peer.connection.send_motion(bytes(29_000))


def test_what_does_not_answer_is_named():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionError, match="no command connection to 127.0.0.1:1"):
            Connection("127.0.0.1", motion=port, state=port, command=1, timeout=0.5)
