# SPDX-License-Identifier: Apache-2.0
"""The few errors that vi_ik_ros raises, each with its data."""


class ViIkError(Exception):
    """Base of every error that vi_ik_ros raises on purpose: one line, ready for a user."""


class InvalidInput(ViIkError):
    """A value from outside that cannot be used.

    Attributes:
        field: where the value stood, in the user's words (`objectives[0].density.std`).
        value: what came.
        expected: what is accepted, in words.
    """

    def __init__(self, field: str, value: object, expected: str) -> None:
        """Keep the three parts and join them into one line."""
        self.field, self.value, self.expected = field, value, expected
        line = f"{field}: got {_brief(value)}, expected {expected}"
        super().__init__(" ".join(line.split()))  # a name in a file may hold line ends

    def __reduce__(self) -> tuple[type, tuple[str, object, str]]:
        """Let it come back whole from another process."""
        return type(self), (self.field, self.value, self.expected)


class RobotError(InvalidInput):
    """A robot description that is missing, malformed or unsupported, or a name it does not have."""


class ObjectiveError(InvalidInput):
    """An objectives file, or one objective in it, that cannot be used."""


class ContextError(InvalidInput):
    """A context (task parameters) of the wrong shape, frame or value."""


class RequestError(InvalidInput):
    """A field of a sampling request, other than its context, that cannot be used."""


class ModelNotFound(InvalidInput):
    """A model name or directory that the store does not have."""


class ModelRefused(InvalidInput):
    """A model directory that is truncated, foreign, newer, or made for another robot."""


class NewerModel(ModelRefused):
    """A model directory of a schema that only a newer vi_ik_ros knows."""


class TrainingDiverged(ViIkError):
    """A fit whose numbers have left the range of floats.

    Attributes:
        step: updates done.
        figure: what is no number any more.
        value: what it is instead.
    """

    def __init__(self, step: int, figure: str, value: float | str) -> None:
        """Keep the three parts and join them into one line."""
        self.step, self.figure, self.value = step, figure, value
        hint = "wider stds, fewer components or another seed may help"
        super().__init__(f"training diverged at step {step}, {figure}: {value}; {hint}")


class TrainingStopped(ViIkError):
    """A fit that was broken off from outside after `step` updates, with a checkpoint."""

    def __init__(self, step: int) -> None:
        """Keep the number of updates."""
        self.step = step
        super().__init__(f"training was stopped at step {step}; a checkpoint is kept")


class NotNow(InvalidInput):
    """A call that the robot's present state does not allow; the message says what would."""


class RobotFault(ViIkError):
    """A movement of the robot that ended with a fault."""


class NoAnswer(ViIkError):
    """A node did not come up or did not answer in time."""


def _brief(value: object) -> str:
    """Show a value in one short line."""
    text = value if isinstance(value, str) and value else repr(value)
    text = " ".join(str(text).split())
    return text if len(text) <= 120 else text[:117] + "..."
