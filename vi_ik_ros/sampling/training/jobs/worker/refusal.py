# SPDX-License-Identifier: Apache-2.0
"""Why a worker does not do what it was asked."""

from vi_ik_ros.exceptions import (
    ContextError,
    InvalidInput,
    ObjectiveError,
    RobotError,
    ViIkError,
)

OBJECTIVES, SETTINGS, DEMONSTRATIONS = "objectives", "settings", "demonstrations"
STORE, INTERNAL = "store", "internal"
ABOUT_STORE = ("model directory", "checkpoint")  # fields of errors about places to write
ABOUT_MODEL = ("tensor", "model document")  # beginnings of fields of a model that cannot be written


def refusal(error: Exception) -> dict[str, object]:
    """Return kind, field and one line about an error.

    The kinds: `objectives` (robot, objectives, context, fields to learn), `demonstrations`,
    `settings` (whatever else a request says), `store` (a place cannot be written), `internal`
    (a fit that diverged, a fault of ours).
    """
    field = str(getattr(error, "field", ""))
    message = str(error) if isinstance(error, ViIkError) else f"{type(error).__name__}: {error}"
    return {"kind": _kind(error, field), "field": field, "message": " ".join(message.split())}


def _kind(error: Exception, field: str) -> str:
    if field.startswith(DEMONSTRATIONS):
        return DEMONSTRATIONS
    if isinstance(error, ObjectiveError | RobotError | ContextError):
        return OBJECTIVES
    if field in ABOUT_STORE:
        return STORE
    if isinstance(error, InvalidInput) and not field.startswith(ABOUT_MODEL):
        return SETTINGS
    return INTERNAL
