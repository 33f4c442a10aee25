# SPDX-License-Identifier: Apache-2.0
"""Learn with several frames in place of one, and keep the one that held-out rows find likeliest."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.experts.fields import is_list
from vi_ik_ros.sampling.inference.demonstrations.learn_experts import LearnInfo
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.training.objective_learning.learn_objectives import (
    LearnOptions,
    LearnReport,
    learn_objectives,
)


@dataclass(frozen=True)
class FrameChoice:
    """The best of several frames.

    Attributes:
        frame: the best.
        report: what was learned with it.
        held_out: log p of a held-out demonstration [nat] with each frame.
    """

    frame: str
    report: LearnReport
    held_out: Mapping[str, Estimate]


def choose_frame(
    document: Mapping[str, object],
    demonstrations: np.ndarray,
    objective: str,
    frames: Sequence[str],
    fields: Sequence[str] = (),
    *,
    options: LearnOptions,
    on_progress: Callable[[str, int, LearnInfo], None] = lambda frame, step, info: None,
) -> FrameChoice:
    """Learn once with each frame in the transform of an objective.

    Densities over configurations compare, whatever they look at. The rows that choose are no longer
    fresh: of many frames, the best figure is a little too good.

    Args:
        document: an objectives file as plain values.
        demonstrations: (n, nq) [rad, m], checked.
        objective: whose frame is sought.
        frames: candidates, links of the robot.
        fields: see `learn_objectives`.
        options: sizes, length, seed, and a share of held-out rows.
        on_progress: called after every step with the frame, too.

    Raises:
        InvalidInput: No row is held out, or there is no such objective, or it has no frame.
    """
    if int(options.holdout * len(demonstrations)) < 1:
        expected = "a share with one demonstration or more, to compare frames by"
        raise InvalidInput("holdout", options.holdout, expected)
    reports: dict[str, LearnReport] = {}
    for frame in frames:
        tried, say = _with_frame(document, objective, frame), partial(on_progress, frame)
        reports[frame] = learn_objectives(
            tried, demonstrations, fields, options=options, on_progress=say
        )
    held_out = {f: report.held_out for f, report in reports.items() if report.held_out is not None}
    best = max(held_out, key=lambda frame: held_out[frame].value)
    return FrameChoice(best, reports[best], held_out)


def _with_frame(document: Mapping[str, object], objective: str, frame: str) -> dict[str, object]:
    """Return the file with another frame in one transform."""
    result = copy.deepcopy(dict(document))
    items = result.get("objectives")
    transforms = {
        item.get("name"): item.get("transform")
        for item in (items if is_list(items) else [])
        if isinstance(item, Mapping)
    }
    transform = transforms.get(objective)
    if not isinstance(transform, dict) or "frame" not in transform:
        with_frame = [str(n) for n, t in transforms.items() if isinstance(t, dict) and "frame" in t]
        expected = f"an objective whose transform has a frame: {', '.join(with_frame) or 'none'}"
        raise InvalidInput("frames", objective, expected)
    transform["frame"] = frame
    return result
