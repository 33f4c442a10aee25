# SPDX-License-Identifier: Apache-2.0
"""Three asyncio servers around the programs, in virtual time or as fast as a clock says."""

import asyncio
import time
from dataclasses import replace
from typing import Self

import numpy as np

from vi_ik_ros.benchmarks.fake_controller.disturbances import Disturbances
from vi_ik_ros.benchmarks.fake_controller.pdl_programs import Motion, PdlPrograms
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire import packets
from vi_ik_ros.skills.plants.comau.wire.controller_state import ControllerErrors, encode_state
from vi_ik_ros.skills.plants.comau.wire.packets import CommandKind, MotionKind

STEP = 0.01  # [s] of virtual time between two turns
STATE_PERIOD = 0.02  # [s]
_PASSES = 3  # of the event loop, for what is on its way to arrive
_DATA = {  # command -> what follows its head
    CommandKind.INITIALIZE: packets.INITIALIZE,
    CommandKind.CONFIGURE_SENSOR: packets.SENSOR,
    CommandKind.SET_OUTPUT: packets.OUTPUT,
}
_LOST = {  # what is reported when a client is gone; cleared when one has come
    "state": ControllerErrors.STATE_WRITE,
    "motion": ControllerErrors.MOTION_READ_DISCONNECTED,
    "command": ControllerErrors.COMMAND_READ_DISCONNECTED,
}


class FakeController:
    """A clock whose time passes on the controller, too: whoever waits lets the sockets work.

    All of it runs in the caller's thread, so a test sees the same order of events every time.

    Attributes:
        programs: what the sockets lead to.
        disturbances: what is done to the states.
        motions: numbers of all tracking messages that came, in order.
        accepted: connections that were made, all three ports together.
        ports: by name: state, command, motion.
    """

    def __init__(
        self,
        parameters: ComauParameters,
        robot: RobotModel | None = None,
        seed: int = 0,
        ports: dict[str, int] | None = None,
    ) -> None:
        """Open three ports of the loopback interface.

        Args:
            parameters: what deviations mean on this controller; its host and ports are not used.
            robot: the arm; None: the Racer-5.
            seed: of random bytes.
            ports: by name; None: any free ones.
        """
        self.programs = PdlPrograms(robot or RobotModel.load("racer5"), parameters)
        self.disturbances = Disturbances()
        self.motions: list[np.ndarray] = []
        self.accepted = 0
        self._parameters, self._rng = parameters, np.random.default_rng(seed)
        self._now, self._next_state = 0.0, 0.0
        self._clients: dict[str, asyncio.StreamWriter] = {}
        self._outbox: list[bytes] = []
        self._loop = asyncio.new_event_loop()
        wanted = ports or dict.fromkeys(_LOST, 0)
        self._servers = {
            name: self._loop.run_until_complete(self._serve(name, port))
            for name, port in wanted.items()
        }
        self.ports = {
            name: server.sockets[0].getsockname()[1] for name, server in self._servers.items()
        }

    @property
    def parameters(self) -> ComauParameters:
        """Those of a plant that is to be connected here."""
        ports = {f"{name}_port": port for name, port in self.ports.items()}
        return replace(self._parameters, host="127.0.0.1", **ports)  # type: ignore[arg-type]

    def now(self) -> float:
        """Return the virtual time [s]."""
        return self._now

    def wait(self, duration: float) -> None:
        """Let virtual time pass [s]."""
        end = self._now + duration
        while self._now < end - 1e-9:
            self._now = min(end, self._now + STEP)
            self._loop.run_until_complete(self._turn())

    def run(self, seconds: float) -> None:
        """Let as much time pass as passes outside [s]."""
        begin = time.monotonic() - self._now
        end = self._now + seconds
        while self._now < end:
            self.wait(STEP)
            time.sleep(max(0.0, begin + self._now - time.monotonic()))

    def hang_up(self, name: str) -> None:
        """Close the connection of one port."""
        client = self._clients.pop(name, None)
        if client is not None:
            client.close()
            self.programs.fail(_LOST[name])
            self._loop.run_until_complete(self._pass())

    def close(self) -> None:
        """Close everything."""
        self._loop.run_until_complete(self._shut())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _shut(self) -> None:
        for server in self._servers.values():
            server.close()
        for client in self._clients.values():
            client.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, name: str, port: int) -> asyncio.Server:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.disturbances.refusing:
                writer.close()
                return
            self.accepted += 1
            self._clients[name] = writer
            self.programs.errors &= ~_LOST[name]
            try:
                while True:
                    await self._read(name, reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                if self._clients.get(name) is writer:
                    del self._clients[name]
                    self.programs.fail(_LOST[name])
            except asyncio.CancelledError:
                pass  # the fake is being closed
            finally:
                writer.close()

        return await asyncio.start_server(accept, "127.0.0.1", port)

    async def _turn(self) -> None:
        """Take what has come, run the programs, publish."""
        await self._pass()
        self.programs.step(self._now)
        if self._now >= self._next_state - 1e-9:
            self._next_state += STATE_PERIOD
            self._publish()
        client = self._clients.get("state")
        if client is not None and self._outbox and not self.disturbances.held:
            whole = self.disturbances.pieces == 1
            client.write(b"".join(self._outbox) if whole else self._outbox[0])
            self._outbox = [] if whole else self._outbox[1:]
        await self._pass()

    def _publish(self) -> None:
        if self.disturbances.silent or "state" not in self._clients:
            self._outbox = []
            return
        packet = encode_state(self.programs.state(self._now - self.disturbances.age))
        packet = self.disturbances.distort(packet, self._rng)
        self._outbox += self.disturbances.split(packet)

    async def _pass(self) -> None:
        for _ in range(_PASSES):
            await asyncio.sleep(0)

    async def _read(self, name: str, reader: asyncio.StreamReader) -> None:
        """Read one message of a port."""
        _, letter = packets.HEAD.unpack(await reader.readexactly(packets.HEAD.size))
        if name == "command":
            kind = CommandKind(letter.decode("ascii"))
            layout = _DATA.get(kind)
            data = layout.unpack(await reader.readexactly(layout.size)) if layout else ()
            self.programs.commands.append((kind, data))
        elif name == "motion":
            motion = await _read_motion(MotionKind(letter.decode("ascii")), reader)
            if motion.kind is MotionKind.TRACKING:
                self.motions.append(motion.numbers)
            self.programs.put(motion)


async def _read_motion(kind: MotionKind, reader: asyncio.StreamReader) -> Motion:
    if kind is MotionKind.TRACKING:
        data = await reader.readexactly(packets.TRACKING.size)
        return Motion(kind, np.array(packets.TRACKING.unpack(data)))
    if kind is MotionKind.FLY:
        data = await reader.readexactly(packets.FLY.size)
        return Motion(kind, np.array(packets.FLY.unpack(data)[2:]))
    joints = kind is MotionKind.JOINT_PATH
    layout, width = (packets.JOINT_NODE, 10) if joints else (packets.CARTESIAN_NODE, 6)
    (length,) = packets.LENGTH.unpack(await reader.readexactly(packets.LENGTH.size))
    nodes = [layout.unpack(await reader.readexactly(layout.size)) for _ in range(length)]
    return Motion(kind, np.array([node[:width] for node in nodes]))
