# SPDX-License-Identifier: Apache-2.0
"""What became of a target, as a status and one line."""

from dataclasses import dataclass

import numpy as np

from vi_ik_ros.kinematics.chains.serial_chain import SerialChain
from vi_ik_ros.sampling.warm_start.answering.request import TargetStatus
from vi_ik_ros.sampling.warm_start.answering.terms import Terms
from vi_ik_ros.sampling.warm_start.refine import reach_bound


@dataclass(frozen=True)
class Findings:
    """What is known about one target once the search for it has ended.

    Attributes:
        found: Number of rows fit to be returned.
        drawn: Number of draws of the model.
        position_error: [m] of the row closest to the target.
        orientation_error: [rad] of the same row, NaN where only a position was asked for.
        excess: [m] by which the target lies beyond any possible reach; negative inside it.
        novelty: Distance to the training contexts in units of what is normal; above 1 is not.
        expired: Whether the timeout ended the search.
        checked: Number of rows whose distance to the obstacles was measured.
        survived: Number of those that keep the margin.
    """

    found: int
    drawn: int
    position_error: float
    orientation_error: float
    excess: float
    novelty: float
    expired: bool
    checked: int
    survived: int


def verdict(terms: Terms, findings: Findings) -> tuple[TargetStatus, str]:
    """Return the status of a target and one line about it, "" where there is nothing to say."""
    status, remark = _status(terms, findings)
    remarks = [remark] if remark else []
    if remark and findings.survived < findings.checked:
        remarks.append(f"{findings.survived} of {findings.checked} rows kept off the obstacles")
    if findings.novelty > 1.0:
        remarks.append(
            f"unlike the contexts that the model was trained on ({findings.novelty:.2f} times the"
            " usual distance)"
        )
    return status, "; ".join(remarks)


def excess(chain: SerialChain, T_root_tip: np.ndarray) -> np.ndarray:
    """Return how far (B,) targets lie beyond any possible reach [m]; negative inside it."""
    distance = np.linalg.norm(T_root_tip[:, :3, 3] - chain.T_parent_joint[0, :3, 3], axis=1)
    return distance - reach_bound(chain)


def _status(terms: Terms, f: Findings) -> tuple[TargetStatus, str]:
    """Return the status and what there is to say about the search."""
    wanted = terms.num_samples
    if f.found >= wanted:
        strange = f.novelty > 1.0 and not terms.refine
        return TargetStatus.OUT_OF_DISTRIBUTION if strange else TargetStatus.OK, ""
    if f.expired and f.excess <= 0.0:
        return TargetStatus.TIMEOUT, f"timeout after {f.found} of {wanted} rows"
    if f.found or not terms.refine:
        kind = "converged and distinct rows" if terms.refine else "allowed rows"
        return TargetStatus.PARTIAL, f"{f.found} of {wanted} {kind} in {f.drawn} draws"
    return TargetStatus.UNREACHABLE, _residual(terms, f)


def _residual(terms: Terms, f: Findings) -> str:
    """Say how close the search came, and why no closer if that is certain."""
    if not np.isfinite(f.position_error):
        return "no row within the limits asked for"
    turn = "" if np.isnan(f.orientation_error) else f" and {f.orientation_error:.3g} rad"
    reason = ""
    if f.excess > 0.0:
        reason = f", {f.excess:.3g} m beyond the reach of the arm"
    close = f.position_error < terms.tolerance.position and not (
        f.orientation_error >= terms.tolerance.orientation
    )
    if close:
        return "every row that met the target touches something or is too far from the reference"
    return f"no row converged: best residual {f.position_error:.3g} m{turn}{reason}"
