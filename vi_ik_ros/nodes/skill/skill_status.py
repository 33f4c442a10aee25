# SPDX-License-Identifier: Apache-2.0
"""The status of the skill node as DiagnosticStatus: words with keys."""

from dataclasses import dataclass
from enum import StrEnum

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

SEPARATOR = "; "  # of hints


class SkillState(StrEnum):
    """What the node is about."""

    IDLE = "IDLE"
    RUNNING = "RUNNING"  # an episode goes on
    STOPPING = "STOPPING"  # one that was cancelled retracts


@dataclass(frozen=True)
class SkillStatus:
    """What the skill node says of itself.

    Attributes:
        state: what it is about.
        skill: name of the skill, of the last one when idle; '' before the first.
        scene: of the same episode.
        seed: of the same episode.
        primitive: the active one, or ''.
        time: of the episode's clock [s].
        round_trip: from a command to its effect in the last episode [control periods], the lag of
            the servo included; None: not known yet.
        delay_ticks: what a simulation in lock-step needs to answer as late, or None.
        missed_ticks: control periods that were slept through since the start.
        hints: on the force gains of that episode, one line each.
        learning: what is being learned, or ''; it goes on between episodes.
        rejected: why the last goal led to nothing; '' after one that did not.
        last: what became of the last episode, or ''.
        is_fault: whether that was a fault of the node itself.
    """

    state: SkillState = SkillState.IDLE
    skill: str = ""
    scene: str = ""
    seed: int = 0
    primitive: str = ""
    time: float = 0.0
    round_trip: float | None = None
    delay_ticks: int | None = None
    missed_ticks: int = 0
    hints: tuple[str, ...] = ()
    learning: str = ""
    rejected: str = ""
    last: str = ""
    is_fault: bool = False

    @property
    def words(self) -> str:
        """Say the same in one line."""
        if self.state is SkillState.IDLE:
            words = f"learning {self.learning}" if self.learning else "idle"
            words = f"{words}; last episode: {self.last}" if self.last else words
        else:
            active = self.primitive or "on the way to the start"
            words = f"{self.state.lower()} {self.skill}: {active}"
        refused = [f"last goal refused: {self.rejected}"] if self.rejected else []
        return SEPARATOR.join([words, *refused, *self.hints])


def status_to_msg(status: SkillStatus, name: str, robot: str) -> DiagnosticStatus:
    """Return the message.

    Args:
        status: what it says.
        name: of the node.
        robot: what the robot interface has behind it, '' if it has not told.
    """
    level = DiagnosticStatus.WARN if status.hints else DiagnosticStatus.OK
    values = {
        "state": status.state,
        "skill": status.skill,
        "scene": status.scene,
        "seed": str(status.seed),
        "primitive": status.primitive,
        "time": f"{status.time:.3f}",
        "round_trip": "" if status.round_trip is None else f"{status.round_trip:.2f}",
        "delay_ticks": "" if status.delay_ticks is None else str(status.delay_ticks),
        "missed_ticks": str(status.missed_ticks),
        "hints": SEPARATOR.join(status.hints),
        "learning": status.learning,
        "rejected": status.rejected,
        "last": status.last,
    }
    return DiagnosticStatus(
        level=DiagnosticStatus.ERROR if status.is_fault else level,
        name=name,
        message=status.words,
        hardware_id=robot,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
