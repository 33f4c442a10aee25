# SPDX-License-Identifier: Apache-2.0
"""The status of a robot as DiagnosticStatus: words with keys."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.plant import PlantState

_LEVELS = {
    PlantState.READY: DiagnosticStatus.OK,
    PlantState.ACTIVE: DiagnosticStatus.OK,
    PlantState.HOLD: DiagnosticStatus.OK,
    PlantState.FAULT: DiagnosticStatus.ERROR,
}


@dataclass(frozen=True)
class RobotStatus:
    """What a robot says of itself.

    Attributes:
        state: what it does with commands.
        fault: latched, or None.
        enabled: whether commands are taken.
        saturated: whether the newest command was shortened to stay inside a limit.
        busy: the call that is being carried out, or empty.
        backend: what is behind the topics.
        control_period: between two ticks [s].
        wrench_period: between two samples of the wrench [s].
        drive_on: whether the drives have power.
        error_bits: of the robot's own controller.
        late_ticks: control periods that began late or not at all, since the start.
        ticks: control periods since the start.
        worst_delay: longest time by which one of them began late [s].
    """

    state: PlantState
    fault: Fault | None = None
    enabled: bool = False
    saturated: bool = False
    busy: str = ""
    backend: str = ""
    control_period: float = 0.02
    wrench_period: float = 1.0 / 170.0
    drive_on: bool = True
    error_bits: int = 0
    late_ticks: int = 0
    ticks: int = 0
    worst_delay: float = 0.0

    @property
    def is_simulation(self) -> bool:
        """Whether there is sim/reset."""
        return self.backend not in ("", "comau")

    def changes(self) -> tuple:
        """Return what is worth a message at once; the rest is only counted."""
        return self.state, self.fault, self.enabled, self.saturated, self.busy, self.error_bits


def status_to_msg(status: RobotStatus, name: str, seq: int) -> DiagnosticStatus:
    """Return the message.

    Args:
        status: what it says.
        name: of the node.
        seq: number of the message: a gap tells that one was lost.
    """
    fault = status.fault
    stopped = fault is not None and status.state is not PlantState.FAULT
    words = status.state.name if fault is None else f"{status.state.name}: {fault.kind}"
    values = {
        "state": status.state.name,
        "fault": "" if fault is None else fault.kind,
        "fault_message": "" if fault is None else fault.message,
        "fault_value": "nan" if fault is None else repr(fault.value),
        "error_bits": hex(status.error_bits),
        "drive_on": _word(status.drive_on),
        "enabled": _word(status.enabled),
        "saturated": _word(status.saturated),
        "busy": status.busy,
        "backend": status.backend,
        "control_period": repr(status.control_period),
        "wrench_period": repr(status.wrench_period),
        "late_ticks": str(status.late_ticks),
        "ticks": str(status.ticks),
        "worst_delay": repr(status.worst_delay),
        "seq": str(seq),
    }
    return DiagnosticStatus(
        level=DiagnosticStatus.WARN if stopped else _LEVELS[status.state],
        name=name,
        message=words if fault is None else f"{words}, {fault.message}",
        hardware_id=status.backend,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


def status_from_msg(message: DiagnosticStatus) -> RobotStatus:
    """Return what a message says; a word that is unknown is the fault `transport`."""
    values = {pair.key: pair.value for pair in message.values}
    try:
        return _read(values)
    except (KeyError, ValueError) as error:
        fault = Fault(FaultKind.TRANSPORT, f"a status that cannot be read: {error}")
        return RobotStatus(PlantState.FAULT, fault)


def _read(values: Mapping[str, str]) -> RobotStatus:
    fault = None
    if values["fault"]:
        value = float(values.get("fault_value", math.nan))
        fault = Fault(FaultKind(values["fault"]), values["fault_message"], value)
    return RobotStatus(
        PlantState[values["state"]],
        fault,
        enabled=values["enabled"] == "true",
        saturated=values["saturated"] == "true",
        busy=values["busy"],
        backend=values["backend"],
        control_period=float(values["control_period"]),
        wrench_period=float(values["wrench_period"]),
        drive_on=values["drive_on"] == "true",
        error_bits=int(values["error_bits"], 16),
        late_ticks=int(values["late_ticks"]),
        ticks=int(values["ticks"]),
        worst_delay=float(values["worst_delay"]),
    )


def _word(value: bool) -> str:
    return "true" if value else "false"
