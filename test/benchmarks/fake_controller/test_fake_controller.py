# SPDX-License-Identifier: Apache-2.0
import socket

import numpy as np
import pytest

from vi_ik_ros.benchmarks.fake_controller.fake_controller import FakeController
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire import packets
from vi_ik_ros.skills.plants.comau.wire.controller_state import (
    ControllerErrors,
    ControllerStatus,
    Selector,
    decode_state,
)
from vi_ik_ros.skills.plants.comau.wire.packets import CommandKind
from vi_ik_ros.skills.plants.comau.wire.units import pose_to_controller

PARAMETERS = ComauParameters("127.0.0.1", 7, "base_link", "xyz")
MILLIMETRE = np.array([1.0, 0, 0, 0, 0, 0])


class Client:
    """Plain sockets: the fake is tested without the code that is tested against it."""

    def __init__(self) -> None:
        self.fake = FakeController(PARAMETERS, RobotModel.load("racer5"))
        self.fake.programs.path_rest = 0.1
        names = ("state", "motion", "command")
        self.ends = {name: self._open(name) for name in names}
        self.fake.wait(0.03)

    def _open(self, name: str) -> socket.socket:
        end = socket.create_connection(("127.0.0.1", self.fake.ports[name]), 1.0)
        end.setblocking(False)
        return end

    def say(self, name: str, message: bytes, wait: float = 0.1) -> None:
        self.ends[name].sendall(message)
        self.fake.wait(wait)

    def deviate(self, times: int = 1, wait: float = 0.03) -> None:
        for _ in range(times):
            self.say("motion", packets.tracking_message(0, MILLIMETRE), wait)

    def arm(self) -> None:
        self.say("command", packets.sensor_command(0, PARAMETERS.sensor))
        self.say("motion", packets.tracking_message(0, np.zeros(6)), wait=0.2)

    @property
    def x(self) -> float:
        """Of the flange [mm]."""
        return float(self.fake.programs.state(0.0).T_base_flange[0, 3]) * 1000


@pytest.fixture
def client():
    made = Client()
    yield made
    for end in made.ends.values():
        end.close()
    made.fake.close()


def test_states_come_fifty_times_a_second(client):
    client.ends["state"].recv(1 << 16)
    data = b""
    for _ in range(10):
        client.fake.wait(0.1)
        data += client.ends["state"].recv(1 << 16)
    assert len(data) == 50 * 173
    assert decode_state(data[:173]).status is ControllerStatus.READY


def test_the_first_deviation_arms_and_each_is_carried_out_once(client):
    before = client.x
    client.arm()
    client.deviate(5)
    assert client.x - before == pytest.approx(5.0, abs=1e-6)
    client.fake.wait(1.0)
    assert client.x - before == pytest.approx(5.0, abs=1e-6)


def test_the_mailbox_holds_one_message(client):
    client.arm()
    before = client.x
    for _ in range(3):
        client.ends["motion"].sendall(packets.tracking_message(0, MILLIMETRE))
    client.fake.wait(0.1)
    assert client.x - before == pytest.approx(1.0, abs=1e-6)
    assert client.fake.programs.overwritten == 2


def test_a_path_ends_tracking_until_the_sensor_is_configured_again(client):
    client.arm()
    robot = RobotModel.load("racer5")
    target = np.rad2deg(np.append(robot.ready + 0.1, np.zeros(4)))
    node = packets.JointNode(target, 10, 10)
    client.say("motion", packets.joint_path_message(0, [node]), wait=0.1)
    assert client.fake.programs.status is ControllerStatus.MOVING
    client.fake.wait(0.5)
    assert client.fake.programs.status is ControllerStatus.SUCCEEDED
    client.fake.wait(0.3)
    assert client.fake.programs.status is ControllerStatus.READY
    np.testing.assert_allclose(client.fake.programs.q, robot.ready + 0.1, atol=1e-6)
    before = client.x
    client.deviate()
    assert client.x == before
    client.arm()
    client.deviate()
    assert client.x - before == pytest.approx(1.0, abs=1e-6)


def test_a_cartesian_path_reaches_its_pose(client):
    T = RobotModel.load("racer5").forward(client.fake.programs.q)
    T[:3, 3] += [0.02, 0.01, -0.03]
    node = packets.CartesianNode(pose_to_controller(T), 0.1, 100, 11)
    client.say("motion", packets.cartesian_path_message(0, [node]), wait=1.0)
    reached = RobotModel.load("racer5").forward(client.fake.programs.q)
    np.testing.assert_allclose(reached, T, atol=1e-5)


def test_a_flown_target_is_reached(client):
    q = RobotModel.load("racer5").ready + 0.05
    client.say("motion", packets.fly_message(0, 0.1, 5.0, np.rad2deg(q)))
    np.testing.assert_allclose(client.fake.programs.q, q, atol=1e-6)


def test_a_motion_while_the_drives_are_off_is_an_error_that_stays(client):
    client.arm()
    client.fake.programs.selector &= ~Selector.DRIVE_ON
    before = client.x
    client.deviate()
    assert client.x == before
    assert client.fake.programs.status is ControllerStatus.ERROR
    assert client.fake.programs.errors == ControllerErrors.DRIVE_OFF


def test_a_deviation_hides_that_the_arm_is_locked_but_does_not_move_it(client):
    client.arm()
    before = client.x
    client.say("command", packets.plain_command(0, CommandKind.LOCK))
    assert client.fake.programs.status is ControllerStatus.PAUSED
    client.deviate()
    assert client.fake.programs.status is ControllerStatus.MOVING
    assert client.x == before
    client.say("command", packets.plain_command(0, CommandKind.RESET))
    assert client.fake.programs.status is ControllerStatus.PAUSED


def test_cancelling_drops_a_path(client):
    q = client.fake.programs.q
    node = packets.JointNode(np.zeros(10), 10, 10)
    client.say("motion", packets.joint_path_message(0, [node]))
    client.say("command", packets.plain_command(0, CommandKind.CANCEL))
    assert client.fake.programs.status is ControllerStatus.READY
    client.fake.wait(2.0)
    np.testing.assert_array_equal(client.fake.programs.q, q)


def test_a_start_in_alarm_is_an_error(client):
    client.fake.programs.errors = ControllerErrors.ALARM
    client.say("command", packets.plain_command(0, CommandKind.START))
    assert client.fake.programs.status is ControllerStatus.ERROR


def test_settings_show_in_the_state(client):
    sensor = packets.SensorSettings(11, 1, 100, 0, 60, 12)
    client.say("command", packets.initialize_command(0, False, sensor))
    client.say("command", packets.output_command(0, 80, True))
    assert client.fake.programs.state(0.0).sensor_type == 11


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("motion", ControllerErrors.MOTION_READ_DISCONNECTED),
        ("command", ControllerErrors.COMMAND_READ_DISCONNECTED),
        ("state", ControllerErrors.STATE_WRITE),
    ],
)
def test_a_lost_client_is_an_error_until_the_next_one(client, name, error):
    client.ends[name].close()
    client.fake.wait(0.05)
    assert client.fake.programs.errors == error
    assert client.fake.programs.status is ControllerStatus.ERROR
    client.ends[name] = client._open(name)
    client.fake.wait(0.05)
    assert client.fake.programs.errors == 0
    assert client.fake.programs.status is ControllerStatus.ERROR
