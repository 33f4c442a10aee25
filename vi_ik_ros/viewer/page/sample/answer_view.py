# SPDX-License-Identifier: Apache-2.0
"""How an answer looks: which robot is solid, their colours, and the figures beside them."""

import numpy as np

from vi_ik_ros.sampling.warm_start.distinct import DISTINCT_TOLERANCE, distinct
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, TargetStatus
from vi_ik_ros.viewer.palette import component_colors, density_colors

BY_COMPONENT, BY_DENSITY = "component", "log-density"
COLORINGS = (BY_COMPONENT, BY_DENSITY)


def most_probable(answer: SampleAnswer) -> int:
    """Return the row with the highest density; 0 where no row has one."""
    return 0 if np.isnan(answer.log_prob).all() else int(np.nanargmax(answer.log_prob))


def answer_colors(answer: SampleAnswer, coloring: str) -> np.ndarray:
    """Return the colours (N, 3) of the rows, in [0, 1], by one of `COLORINGS`."""
    if coloring == BY_COMPONENT:
        return component_colors(answer.component)
    return density_colors(answer.log_prob)


def answer_text(
    answer: SampleAnswer, continuous: np.ndarray, latency: float, *, refined: bool
) -> str:
    """Return the figures of an answer as a table in Markdown.

    Args:
        answer: of one target.
        continuous: (nq,) joints that turn without end.
        latency: from sending the request to having the answer [s].
        refined: whether refinement was asked for.
    """
    rows, good = len(answer.positions), answer.converged
    status = TargetStatus(int(answer.target_status[0])).name.replace("_", " ").lower()
    lines = ["| | |", "|---|---|", f"| status | **{status}** |", f"| rows | {rows} |"]
    if refined:
        leaders = distinct(answer.positions[good], DISTINCT_TOLERANCE, continuous)
        lines.append(f"| converged | {int(good.sum())} |")
        lines.append(f"| distinct by {DISTINCT_TOLERANCE:g} rad | {len(leaders)} |")
    millimetres, degrees = 1e3 * answer.position_error, np.degrees(answer.orientation_error)
    lines += _spread("position error", millimetres, "mm")
    lines += _spread("orientation error", degrees, "deg")
    lines += _spread("log density", answer.log_prob, "")
    lines.append(f"| sampler | {1e3 * answer.elapsed:.1f} ms |")
    lines.append(f"| round trip | {1e3 * latency:.1f} ms |")
    if bool(answer.out_of_distribution[0]):
        lines.append("| | **unlike the training contexts** |")
    return "\n".join([*lines, "", answer.target_msg[0]])


def _spread(name: str, values: np.ndarray, unit: str) -> list[str]:
    """Return one line with median and range of the finite values, none if there are none."""
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    low, middle, high = (f"{number:.3g}" for number in np.quantile(values, [0.0, 0.5, 1.0]))
    return [f"| {name} | {middle} {unit} ({low} to {high}) |"]
