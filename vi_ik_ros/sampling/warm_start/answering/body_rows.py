# SPDX-License-Identifier: Apache-2.0
"""Rows of a whole body against its targets."""

from dataclasses import replace

import numpy as np

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.warm_start.answering.terms import Terms, wrap
from vi_ik_ros.sampling.warm_start.refine import MAX_ITERATIONS
from vi_ik_ros.sampling.warm_start.whole_body import layout
from vi_ik_ros.sampling.warm_start.whole_body.body_targets import BodyTargets
from vi_ik_ros.sampling.warm_start.whole_body.refine import refine_whole_body


def judge_body(terms: Terms, body: BodyTargets, goals: np.ndarray, rows: np.ndarray) -> None:
    """Refine rows in place, or only measure them.

    Args:
        terms: What the request asks.
        body: The tasks, limited to what is near enough to the reference.
        goals: (N, F, 4, 4) or (1, F, 4, 4) targets of the rows.
        rows: (N,) as `row_type`.
    """
    result = refine_whole_body(
        body.body,
        goals,
        terms.toward_reference(rows["q"]),
        tolerance=terms.tolerance,
        max_iterations=MAX_ITERATIONS if terms.refine else 1,
        num_threads=terms.num_threads,
        deadline=terms.deadline if terms.refine else None,
    )
    tasks = slice(None) if body.leading is None else slice(body.leading, body.leading + 1)
    rows["position_error"] = result.position_error[:, tasks].max(axis=1)
    orientation = result.orientation_error[:, tasks]
    turned = ~np.isnan(orientation).all(axis=1)
    rows["orientation_error"] = np.nan
    rows["orientation_error"][turned] = np.nanmax(orientation[turned], axis=1)
    rows["converged"] = result.converged
    if terms.refine:
        rows["q"] = np.where(terms.continuous, wrap(result.q), result.q)
        rows["iterations"] = result.iterations


def narrowed_body(body: BodyTargets, lower: np.ndarray, upper: np.ndarray) -> BodyTargets:
    """Return a body within other limits (nq,); its narrowed continuous joints do not wrap."""
    coordinates = body.body.coordinates.copy()
    whole = (coordinates[:, layout.CONTINUOUS] > 0.0) & (upper - lower >= 2 * np.pi)
    coordinates[:, layout.LOWER], coordinates[:, layout.UPPER] = lower, upper
    coordinates[:, layout.CONTINUOUS] = whole
    return replace(body, body=replace(body.body, coordinates=coordinates))


def start_limits(
    robot: RobotModel, limits: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return limits (nq,), (nq,) of random starts: a floating base stands where it usually does."""
    lower, upper = limits[0].copy(), limits[1].copy()
    base = slice(0, robot.tree.num_base)
    lower[base] = upper[base] = np.clip(robot.ready[base], lower[base], upper[base])
    return lower, upper
