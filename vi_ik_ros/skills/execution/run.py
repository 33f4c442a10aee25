# SPDX-License-Identifier: Apache-2.0
"""Carry out one episode of a skill: the walk through its graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.active_primitive import ActivePrimitive
from vi_ik_ros.skills.execution.control.controller import HybridForceVelocityController
from vi_ik_ros.skills.execution.control.set_values import SetValues
from vi_ik_ros.skills.execution.episode import Episode, Outcome
from vi_ik_ros.skills.execution.graph.predicates import Predicate
from vi_ik_ros.skills.execution.graph.primitive import BoundPrimitive
from vi_ik_ros.skills.execution.graph.skill import END, BoundSkill, Skill
from vi_ik_ros.skills.execution.observation import Observation
from vi_ik_ros.skills.execution.record import Ending, Record
from vi_ik_ros.skills.execution.trace import RECOVERY, Snapshot
from vi_ik_ros.skills.execution.wrench.tare import Tare
from vi_ik_ros.skills.execution.wrench.wrench_filter import WrenchFilter
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import Plant, TickResult
from vi_ik_ros.skills.plants.scene import Scene

CANCELLED = "cancelled"
STANDSTILL = 0.2  # [s] of standing still before a cancelled episode retracts


def run_episode(
    plant: Plant,
    skill: Skill,
    scene: Scene,
    parameters: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
    recover: bool = True,
    on_tick: Callable[[Snapshot], None] = lambda snapshot: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Episode:
    """Reset the plant, walk through the skill's graph, and come back.

    Whatever happens to the plant is part of the record, never an exception. A fault that names a
    violated limit (force, workspace, offsets) is a failure of the primitive that was active; any
    other one makes the episode invalid, and so do a refused tare and `stopping`.

    Args:
        plant: behind a safety gate.
        skill: what is done.
        scene: where; it says where sensor and tool centre point are.
        parameters: of the skill, by name, in its units; those not named have their defaults.
        seed: of everything random in the episode.
        recover: come back after errors and cancellation. A simulation that is reset anyway need
            not.
        on_tick: called at the end of every control period.
        stopping: asked in every control period whether to stop, retract and hold.

    Raises:
        InvalidInput: a parameter is unknown or out of its bounds.
    """
    values = skill.space.checked(parameters or {})
    first = plant.reset(seed, scene)
    bound = skill.bind(values, first.T_base_tcp)
    return _Walk(plant, bound, scene, first, on_tick).episode(seed, stopping, recover=recover)


class _Walk:
    """An episode while it goes on."""

    def __init__(
        self,
        plant: Plant,
        skill: BoundSkill,
        scene: Scene,
        first: TickResult,
        on_tick: Callable[[Snapshot], None],
    ) -> None:
        self._plant, self._skill, self._on_tick = plant, skill, on_tick
        self._result = first
        self._T_tcp_sensor = np.eye(4)
        self._T_tcp_sensor[2, 3] = -scene.tool.sensor_to_tip
        periods = plant.wrench_period, plant.control_period
        R_base_task = skill.R_base_task
        self._wrenches = WrenchFilter(skill.wrench, R_base_task, self._T_tcp_sensor, *periods)
        self._controller = HybridForceVelocityController(
            R_base_task, plant.control_period, skill.control
        )
        self._lingering: list[tuple[ActivePrimitive, float]] = []
        self._p_base_entries: dict[int, np.ndarray] = {}  # where each primitive was entered

    def episode(self, seed: int, stopping: Callable[[], bool], *, recover: bool) -> Episode:
        """Walk until the end, an error, or a stop; then come back."""
        record, begin = Record(self._skill, seed), self._result.time
        index = 0
        while True:
            primitive = self._skill.primitives[index]
            active = self._enter(index)
            ending = self._carry_out(active, index, stopping)
            following = primitive.next
            if ending.goes_on and following != END:
                ending = self._admitted(self._skill.primitives[following], ending)
            record.leave(index, active, ending, self._result.time)
            if not ending.goes_on or following == END:
                break
            index = following
        done = record.episode(ending, index, (begin, self._result.time))
        if done.success or not recover:
            return done
        return replace(done, recovered=self._recovered(ending))

    def _enter(self, index: int) -> ActivePrimitive:
        """Make a primitive the active one; its set-values are ramped in."""
        primitive = self._skill.primitives[index]
        self._controller.enter(primitive.set_values)
        self._p_base_entries[index] = self._result.T_base_tcp[:3, 3].copy()
        return self._active(primitive)

    def _active(self, primitive: BoundPrimitive) -> ActivePrimitive:
        """Return a primitive of the skill, entered now."""
        origin = self._p_base_entries.get(primitive.travel_from)
        return ActivePrimitive(primitive, self._result, self._skill.R_base_task, origin)

    def _carry_out(
        self, active: ActivePrimitive, index: int, stopping: Callable[[], bool]
    ) -> Ending:
        """Let control periods pass until the primitive ends."""
        primitive = active.primitive
        if self._result.faults:  # of the reset
            return _fault_ending(self._result.faults[0], active)
        if primitive.skip and _hold(primitive.skip, self._observe(active)):
            return Ending(Outcome.SKIPPED)
        while True:
            self._tick(active, index)
            observation = self._observe(active)
            error = active.measure(observation)
            self._measure_lingering()
            if self._result.faults:
                return _fault_ending(self._result.faults[0], active)
            if stopping():
                return Ending(Outcome.BROKEN_OFF, CANCELLED, CANCELLED)
            if error is not None:
                return Ending(Outcome.ERROR, error.name)
            if _hold(primitive.success, observation):
                ending = self._tared(active, index) if primitive.tare else Ending(Outcome.SUCCESS)
                if primitive.linger > 0.0:
                    self._lingering.append((active, self._result.time + primitive.linger))
                return ending

    def _admitted(self, primitive: BoundPrimitive, ending: Ending) -> Ending:
        """Return how a primitive ends, given the preconditions of the one that follows."""
        observation = self._observe(self._active(primitive))
        for condition in primitive.preconditions:
            if not condition.margin(observation) >= 0.0:  # one of nothing measured is no number
                return Ending(Outcome.ERROR, f"precondition {primitive.name}.{condition.name}")
        return ending

    def _tared(self, active: ActivePrimitive, index: int) -> Ending:
        """Stand still and take the mean wrench as zero; a refused tare is no fault of the skill."""
        tare = Tare(self._skill.wrench, self._T_tcp_sensor, self._plant.wrench_period)
        self._controller.enter(SetValues.hold())
        while not tare.is_complete:
            self._tick(active, index)
            if self._result.faults:
                return _fault_ending(self._result.faults[0], active)
            tare.add(self._result)
        try:
            self._wrenches.tare(tare.bias())
        except InvalidInput as refusal:
            return Ending(Outcome.BROKEN_OFF, "tare", str(refusal))
        return Ending(Outcome.SUCCESS)

    def _recovered(self, ending: Ending) -> bool:
        """Retract to where episodes start, unless the plant takes no more commands."""
        if ending.is_latched:
            return False
        stopped = ending.invalid_reason == CANCELLED
        if stopped:
            self._stand_still()
        outcomes = (self._retreat(primitive).outcome for primitive in self._skill.recovery)
        came_back = all(outcome is Outcome.SUCCESS for outcome in outcomes)
        if stopped:
            self._plant.stop()
        return came_back

    def _retreat(self, primitive: BoundPrimitive) -> Ending:
        """Carry out a primitive of the recovery."""
        self._controller.enter(primitive.set_values)
        active = ActivePrimitive(primitive, self._result, self._skill.R_base_task)
        return self._carry_out(active, RECOVERY, lambda: False)

    def _stand_still(self) -> None:
        """Let the tool come to rest."""
        self._controller.enter(SetValues.hold())
        end = self._result.time + STANDSTILL
        active = self._active(self._skill.recovery[0])
        while self._result.time < end and not self._result.faults:
            self._tick(active, RECOVERY)

    def _tick(self, active: ActivePrimitive, index: int) -> None:
        """Command for one control period and take in what the plant tells."""
        wrench = self._wrenches.fast
        twist = self._controller.command(self._result.T_base_tcp, wrench)
        self._result = self._plant.tick(twist)
        self._wrenches.update(self._result)
        peak = self._wrenches.peak_force
        active.count(self._result, peak)
        self._on_tick(Snapshot(index, twist, self._wrenches.fast, peak, self._result))

    def _observe(self, active: ActivePrimitive) -> Observation:
        return active.observe(self._result, self._wrenches)

    def _measure_lingering(self) -> None:
        """Go on measuring the errors of primitives that have just ended."""
        now = self._result.time
        self._lingering = [one for one in self._lingering if now <= one[1]]
        for active, _ in self._lingering:
            active.measure(self._observe(active))


def _hold(predicates: Sequence[Predicate], observation: Observation) -> bool:
    """Return whether all predicates hold."""
    return all(predicate.margin(observation) >= 0.0 for predicate in predicates)


def _fault_ending(fault: Fault, active: ActivePrimitive) -> Ending:
    """Return what a fault of the plant says about the primitive in which it came."""
    if not fault.is_constraint:
        reason = f"{fault.kind}: {fault.message}"
        return Ending(Outcome.BROKEN_OFF, fault.kind, reason, is_latched=True)
    if fault.kind is FaultKind.HARD_FORCE:
        active.exceed_force(fault.value)
    return Ending(Outcome.ERROR, fault.kind, is_latched=True)
