# SPDX-License-Identifier: Apache-2.0
"""A worker's learning of an objectives file."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vi_ik_ros.exceptions import InvalidInput, ObjectiveError, RobotError
from vi_ik_ros.sampling.training.jobs.worker.parent_link import ParentLink

if TYPE_CHECKING:
    import numpy as np

    from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnInfo
    from vi_ik_ros.sampling.training.objective_learning.learn_objectives import LearnReport

STEP = ("log_likelihood", "shift", "noise", "effective_points")  # of a step's figures
REPORT = ("log_likelihood", "num_demonstrations", "effective_points", "converged", "steps")


def learn(request: Mapping, link: ParentLink) -> tuple[str, dict[str, object]]:
    """Learn the numbers of an objectives file; return the last event.

    Raises:
        ViIkError: it cannot be done.
    """
    import torch

    from vi_ik_ros.sampling.training.objective_learning.learn_objectives import (
        checked_options,
        learn_objectives,
    )

    def on_progress(step: int, info: "LearnInfo") -> None:
        link.send("step", {"step": step} | {name: getattr(info, name) for name in STEP})

    torch.set_num_threads(1)  # Small matrices: a second thread costs more than it does.
    document = request["document"]
    options = checked_options(request.get("options", {}))
    report = learn_objectives(
        document,
        _demonstrations(document, Path(request["demonstrations"])),
        request.get("fields", ()),
        options=options,
        on_progress=on_progress,
    )
    return "learned", _facts(report)


def _demonstrations(document: Mapping, path: Path) -> "np.ndarray":
    """Read the demonstrations (n, nq), whose file is nobody's business."""
    from vi_ik_ros.sampling.experts.objective_file import read_configurations_for

    try:
        return read_configurations_for(document, path)
    except (ObjectiveError, RobotError):
        raise
    except InvalidInput as error:
        field = error.field.replace(str(path), "demonstrations")
        raise InvalidInput(field, error.value, error.expected) from None


def _facts(report: "LearnReport") -> dict[str, object]:
    """Return the fields of the event `learned`."""
    values = {
        one.name: {"value": one.value, "start": one.start, "stderr": one.stderr}
        for one in report.values
    }
    held = report.held_out
    return {name: getattr(report, name) for name in REPORT} | {
        "document": report.document,
        "values": values,
        "held_out": math.nan if held is None else held.value,
        "held_out_stderr": math.nan if held is None else held.stderr,
        "seconds": report.seconds,
        "remarks": report.remarks(),
    }
