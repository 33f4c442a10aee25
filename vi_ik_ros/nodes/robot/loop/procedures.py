# SPDX-License-Identifier: Apache-2.0
"""What is asked of a robot besides commands, each in its order; most of it takes many periods."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

import numpy as np

from vi_ik_ros.exceptions import InvalidInput, NotNow, RobotFault
from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.nodes.robot.backends.backend import Backend
from vi_ik_ros.nodes.robot.loop.configurations import beginning, configuration, starting_at
from vi_ik_ros.nodes.robot.loop.control_loop import ControlLoop
from vi_ik_ros.nodes.robot.loop.worker import Worker
from vi_ik_ros.nodes.robot.parameters import RobotInterfaceParameters
from vi_ik_ros.skills.execution.wrench.tare import Tare
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.vectors.shortening import part_in_box

MARGIN = 1e-3  # [m], between where a retraction ends and the side of the workspace
PATIENCE = 3.0  # times the duration of a tare, for its samples to come


class Procedures:
    """Calls of a robot, one at a time; only `stop` and `disable` come between.

    All raise InvalidInput, most often NotNow, with one line for the caller.

    Args:
        loop: what they work on.
        backend: the same robot.
        worker: for what waits.
        settings: of the node.

    Attributes:
        busy: the call that is being carried out, or empty.
    """

    def __init__(
        self,
        loop: ControlLoop,
        backend: Backend,
        worker: Worker,
        settings: RobotInterfaceParameters,
    ) -> None:
        self._loop, self._backend, self._worker = loop, backend, worker
        self._settings, self._seed = settings, settings.seed
        self._stop_asked = ""
        self.busy = ""

    async def enable(self) -> str:
        """Arm, if it is not armed, and let commands through."""
        with self._exclusive("enable"):
            self._require_no_fault("enable")
            if not self._loop.is_armed:
                await self._arm(self._seed)
            self._loop.enable()
        return "enabled"

    def disable(self) -> str:
        """Stand still and hold; nothing is latched."""
        if self.busy:
            raise NotNow("enable", "false", f"the end of {self.busy}, or a call of stop")
        self._loop.disable()
        return "held"

    def stop(self, why: str = "the service stop was called") -> str:
        """Stand still at once, whatever goes on, until `clear_fault`."""
        self._loop.stop(why)
        if self._worker.is_busy:
            self._stop_asked = why
        return "stopped; clear_fault, then enable"

    def poll(self) -> None:
        """Hear the worker; a stop during its call is repeated, lest the call outlive it."""
        self._worker.poll()
        if self._stop_asked:
            self._loop.stop(self._stop_asked)
            if not self._worker.is_busy:
                self._stop_asked = ""

    async def clear_fault(self) -> str:
        """Leave FAULT, or a stop, if its cause is gone."""
        with self._exclusive("clear_fault"):
            if self._loop.fault is None:
                return "no fault"
            result = cast(TickResult, await self._worker.run(self._loop.clear_fault))
            if result.faults:
                fault = result.faults[0]
                raise NotNow("clear_fault", fault.kind, f"its cause to be gone: {fault.message}")
        return "cleared"

    async def tare(self) -> str:
        """Measure the zero of the force sensor; refused if the tool moves or touches something."""
        with self._exclusive("tare"):
            self._require_no_fault("tare")
            loop, T_tcp_sensor = self._loop, np.eye(4)  # turned as the tool; no load to turn
            tare = Tare(self._settings.wrench, T_tcp_sensor, loop.wrench_period)
            most = PATIENCE * self._settings.tare_duration / loop.control_period
            await loop.watch(_taker(tare, loop, round(most)))
            self._require_no_fault("tare")
            loop.tared.bias = tare.bias()
        force = float(np.linalg.norm(loop.tared.bias[:3]))
        return f"zero at {force:.3f} N over {self._settings.tare_duration:g} s"

    async def go_start(self) -> str:
        """Go to where episodes start; commands are not enabled there."""
        with self._exclusive("go_start"):
            self._require_no_fault("go_start")
            if self._backend.is_simulation:
                self._seed += 1
                self._begin_at(self._backend.scene)
                await self._arm(self._seed, self._backend.scene)
                return f"reset with seed {self._seed}"
            distance = await self._retract()
            cell = self._backend.cell
            assert cell is not None, "of a robot"
            if not cell.start:
                self._loop.end_stream()
                return f"retracted {1e3 * distance:.1f} mm; the cell names no start"
            await self._travel(np.array(cell.start), cell.start_speed)
        return "at the start; enable arms it"

    async def go_to_configuration(self, positions: Mapping[str, float], speed: float) -> str:
        """Go to a configuration; what was enabled is enabled again.

        Args:
            positions: joint name to angle [rad].
            speed: part of full speed.
        """
        with self._exclusive("go_to_configuration"):
            q = configuration(self._backend.robot, positions)
            if not 0.0 < speed <= 1.0:
                raise InvalidInput("speed_scale", speed, "above 0, at most 1")
            self._require_no_fault("go_to_configuration")
            loop, was_enabled, was_armed = self._loop, self._loop.is_enabled, self._loop.is_armed
            if self._backend.is_simulation:
                scene = starting_at(self._backend, q)
                loop.jointed.begin = q
                await self._arm(self._seed, scene)
            else:
                await self._travel(q, speed)
                if was_armed:
                    await self._arm()
            if was_enabled:
                loop.enable()
        return "there"

    async def reset_simulation(self, seed: int, scene: Scene) -> str:
        """Begin an episode of a simulation; it clears every fault."""
        with self._exclusive("sim/reset"):
            loop, backend = self._loop, self._backend
            if loop.is_enabled and loop.state is PlantState.ACTIVE and not self._settings.lock_step:
                raise NotNow("sim/reset", "state ACTIVE", "commands to end: enable false, or stop")
            rate = backend.scene.control_rate
            if scene.control_rate != rate:
                expected = f"{rate} Hz, at which the node runs"
                raise InvalidInput("scene.control_rate", scene.control_rate, expected)
            self._begin_at(scene)
            backend.scene, self._seed = scene, seed
            await self._arm(seed, scene)
        return f"reset with seed {seed}"

    def _begin_at(self, scene: Scene) -> None:
        """Have a simulated arm begin where it was sent to, if episodes start there."""
        jointed = self._loop.jointed
        jointed.begin = beginning(self._backend, jointed.begin, scene)

    @contextmanager
    def _exclusive(self, name: str) -> Iterator[None]:
        """Be the only call."""
        if self.busy:
            raise NotNow(name, f"a call during {self.busy}", f"the end of {self.busy}")
        self.busy = name
        try:
            yield
        finally:
            self.busy, self._loop.override = "", None

    def _require_no_fault(self, name: str) -> None:
        fault = self._loop.fault
        if fault is not None:
            state = f"{fault.kind}: {fault.message}"
            raise NotNow(name, state, "no fault and no stop: call clear_fault first")

    async def _arm(self, seed: int = 0, scene: Scene | None = None) -> None:
        await self._work(lambda: self._loop.arm(seed, scene))

    async def _travel(self, q: np.ndarray, speed: float) -> None:
        """Go along a joint path; tracking is off afterwards."""
        comau, loop = self._backend.comau, self._loop
        assert comau is not None, "of a robot"
        loop.end_stream()
        await self._work(lambda: comau.go_to_configuration(q, speed))

    async def _work(self, call: Callable[[], object]) -> None:
        """Do what waits, and tell if a fault or a stop came of it."""
        result = cast(TickResult, await self._worker.run(call))
        fault = result.faults[0] if result.faults else self._loop.stop_fault
        if fault is not None:
            raise RobotFault(f"{self.busy}: ended by {fault.kind}, {fault.message}")

    async def _retract(self) -> float:
        """Move off the surface, as far as the workspace lets; return how far [m]."""
        await self._arm()
        loop, scene, settings = self._loop, self._backend.scene, self._settings
        assert loop.result is not None, "armed"
        normal = pose_to_matrix(np.array(scene.plate.pose))[:3, 2]
        place, reach = loop.result.T_base_tcp[:3, 3], settings.retract_distance + MARGIN
        box = scene.workspace
        part = part_in_box(place.tolist(), (reach * normal).tolist(), box.lower, box.upper)
        distance = max(0.0, part * reach - MARGIN)
        ticks = round(distance / settings.retract_speed / loop.control_period)
        for twist, count in (
            (Twist(settings.retract_speed * normal, np.zeros(3)), ticks),
            (Twist.zero(), 5),
        ):
            loop.override = twist
            result = await loop.watch(_counter(count))
            if result is None or result.faults or loop.stop_fault:
                fault = loop.fault
                raise RobotFault(f"{self.busy}: ended by {fault.kind if fault else 'a stop'}")
        return distance


def _taker(tare: Tare, loop: ControlLoop, most: int) -> Callable[[TickResult], bool]:
    """Return what gives raw samples to a tare until it has enough, or too long has passed."""
    bias, count = loop.tared.bias, 0

    def take(result: TickResult) -> bool:
        nonlocal count
        count += 1
        tare.add(replace(result, wrenches=result.wrenches + bias))
        return tare.is_complete or bool(result.faults) or count >= most

    return take


def _counter(ticks: int) -> Callable[[TickResult], bool]:
    """Return what is true after a number of control periods, or at a fault."""
    count = 0

    def passed(result: TickResult) -> bool:
        nonlocal count
        count += 1
        return count >= ticks or bool(result.faults)

    return passed
