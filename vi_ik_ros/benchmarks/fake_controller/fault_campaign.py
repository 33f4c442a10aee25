# SPDX-License-Identifier: Apache-2.0
"""Fault after fault on a streaming plant: what it sends afterwards, and how it comes back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from vi_ik_ros.benchmarks.fake_controller.disturbances import Disturbances
from vi_ik_ros.benchmarks.fake_controller.fake_controller import FakeController
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.skills.plants.comau.comau_plant import ComauPlant
from vi_ik_ros.skills.plants.comau.parameters import ComauParameters
from vi_ik_ros.skills.plants.comau.wire.controller_state import ControllerErrors, Selector
from vi_ik_ros.skills.plants.comau.wrench_source import QueuedWrenches
from vi_ik_ros.skills.plants.faults import FaultKind
from vi_ik_ros.skills.plants.plant import PlantState, TickResult, Twist

PARAMETERS = ComauParameters("127.0.0.1", 7, "base_link", "xyz")
LONGEST = 4.0  # [s] until a fault must have been noticed
AFTERWARDS = 10  # ticks with a command, after each fault
SPEED = 0.03  # [m/s]


class Trouble(StrEnum):
    """Eight kinds."""

    SILENCE = "no states"
    DELAY = "states late"
    AGE = "states with an old date"
    GARBAGE = "a garbled state"
    LOST_BYTES = "a torn state"
    CLOSED = "a connection closed"
    ERROR = "an error reported"
    PAUSE = "the arm locked"


EXPECTED = {
    Trouble.SILENCE: FaultKind.STALE_POSE,
    Trouble.DELAY: FaultKind.STALE_POSE,
    Trouble.AGE: FaultKind.STALE_POSE,
    Trouble.GARBAGE: FaultKind.TRANSPORT,
    Trouble.LOST_BYTES: FaultKind.TRANSPORT,
    Trouble.CLOSED: FaultKind.TRANSPORT,
    Trouble.ERROR: FaultKind.CONTROLLER,
    Trouble.PAUSE: FaultKind.CONTROLLER,
}


@dataclass
class CampaignResult:
    """What was seen.

    Attributes:
        troubles: how many of each kind were made.
        delays: from each trouble to its fault, by kind [s].
        unnoticed: troubles without a fault.
        misnamed: faults of another kind than expected.
        unprovoked: faults without a trouble.
        commands_after_fault: messages that reached the motion port between fault and clearing.
        early_reconnects: connections made between fault and clearing.
        cleared_early: faults that were left while their cause went on.
        lost: troubles after which the plant did not stream again.
    """

    troubles: Counter = field(default_factory=Counter)
    delays: dict[str, list[float]] = field(default_factory=dict)
    unnoticed: int = 0
    misnamed: int = 0
    unprovoked: int = 0
    commands_after_fault: int = 0
    early_reconnects: int = 0
    cleared_early: int = 0
    lost: int = 0

    @property
    def failures(self) -> int:
        """How often anything was not as it must be."""
        return (
            self.unnoticed
            + self.misnamed
            + self.unprovoked
            + self.commands_after_fault
            + self.early_reconnects
            + self.cleared_early
            + self.lost
        )


class _Campaign:
    def __init__(self, fake: FakeController, plant: ComauPlant, seed: int) -> None:
        self.fake, self.plant = fake, plant
        self.rng = np.random.default_rng(seed)
        self.result = CampaignResult()
        self._home = np.zeros(3)

    def begin(self) -> bool:
        """Make the plant stream, from wherever it stands."""
        outcome = self.plant.reset(seed=0)
        if outcome.state is PlantState.ACTIVE and not self._home.any():
            self._home = outcome.T_base_tcp[:3, 3]
        return outcome.state is PlantState.ACTIVE

    def once(self, trouble: Trouble) -> None:
        """Stream, make trouble, watch, repair, come back."""
        self.result.troubles[trouble.value] += 1
        for _ in range(int(self.rng.integers(2, 10))):
            if self._tick().state is PlantState.FAULT:
                self.result.unprovoked += 1
                break
        self._make(trouble)
        self._notice(trouble)
        self._watch(trouble)
        self._repair()
        self.plant.clear_fault()
        self.result.lost += not self.begin()

    def _tick(self, twist: Twist | None = None) -> TickResult:
        outcome = self.plant.tick(twist or self._twist())
        self.fake.wait(self.plant.control_period)
        return outcome

    def _twist(self) -> Twist:
        state = self.plant.controller_state
        back = self._home - state.T_base_flange[:3, 3] if state else np.zeros(3)
        linear = back + self.rng.normal(size=3) * 0.01 + 0.002
        linear *= min(1.0, SPEED / float(np.linalg.norm(linear)))
        return Twist(linear, 0.05 * self.rng.normal(size=3))

    def _make(self, trouble: Trouble) -> None:
        done, programs = self.fake.disturbances, self.fake.programs
        if trouble is Trouble.SILENCE:
            done.silent = True
        elif trouble is Trouble.DELAY:
            done.held = True
        elif trouble is Trouble.AGE:
            done.age = int(self.rng.integers(3, 100))
        elif trouble is Trouble.GARBAGE:
            done.garbled = 1
        elif trouble is Trouble.LOST_BYTES:
            done.lost_bytes = int(self.rng.integers(1, 173))
        elif trouble is Trouble.CLOSED:
            done.refusing = True
            self.fake.hang_up(str(self.rng.choice(["state", "motion", "command"])))
        elif trouble is Trouble.ERROR:
            if self.rng.random() < 0.5:
                programs.fail(ControllerErrors.SAFETY_GATE)
            else:
                programs.selector &= ~Selector.DRIVE_ON
        else:
            programs.lock(True)

    def _notice(self, trouble: Trouble) -> None:
        begin = self.fake.now()
        away = Twist(SPEED * np.array([0.0, 0.0, 1.0]), np.zeros(3))
        while self.fake.now() < begin + LONGEST:
            # Always the same way: the status of a locked arm is gone with the next deviation, and
            # then only its staying behind is left to be noticed.
            outcome = self._tick(away)
            if outcome.state is PlantState.FAULT:
                taken = self.fake.now() - begin
                self.result.delays.setdefault(trouble.value, []).append(taken)
                self.result.misnamed += outcome.faults[0].kind is not EXPECTED[trouble]
                return
        self.result.unnoticed += 1

    def _watch(self, trouble: Trouble) -> None:
        """Go on commanding; ask to clear what is not repaired."""
        sent, made = len(self.fake.motions), self.fake.accepted
        for _ in range(AFTERWARDS):
            self._tick()
        self.result.early_reconnects += self.fake.accepted - made
        goes_on = (Trouble.SILENCE, Trouble.DELAY, Trouble.CLOSED, Trouble.ERROR, Trouble.PAUSE)
        if trouble in goes_on:
            self.plant.clear_fault()
            self.result.cleared_early += self._tick().state is not PlantState.FAULT
        self.result.commands_after_fault += len(self.fake.motions) - sent

    def _repair(self) -> None:
        programs = self.fake.programs
        self.fake.disturbances = Disturbances()
        programs.selector |= Selector.DRIVE_ON
        programs.errors &= ~(ControllerErrors.SAFETY_GATE | ControllerErrors.DRIVE_OFF)
        if programs.locked:
            programs.lock(False)
        self.fake.wait(0.1)


def run_fault_campaign(
    n: int,
    seed: int,
    parameters: ComauParameters = PARAMETERS,
    on_progress: Callable[[str], None] = lambda line: None,
) -> CampaignResult:
    """Make trouble for a plant on a fake controller, in virtual time.

    Args:
        n: times; the kinds take turns in a random order.
        seed: of kinds, moments and commands.
        parameters: of the plant.
        on_progress: called now and then with a line about how far it is.
    """
    robot = RobotModel.load("racer5")
    with FakeController(parameters, robot, seed) as fake:
        plant = ComauPlant(fake.parameters, QueuedWrenches(), fake, robot)
        campaign = _Campaign(fake, plant, seed)
        campaign.result.lost += not campaign.begin()
        kinds = list(Trouble)
        for i in range(n):
            if i % len(kinds) == 0:
                campaign.rng.shuffle(kinds)
            campaign.once(kinds[i % len(kinds)])
            if (i + 1) % 100 == 0:
                on_progress(f"{i + 1} of {n} faults, {campaign.result.failures} failures")
        plant.close()
    return campaign.result
