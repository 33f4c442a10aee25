# SPDX-License-Identifier: Apache-2.0
"""Where segments come nearest to points, to boxes and to each other, for batches of them.

Results are parameters t in [0, 1] of the point start + t (end - start). They are constants: where
a smooth distance is smallest over t, its slope by everything else is that at fixed t, so whoever
measures the distance at t gets the right gradient. Segments of no length are points.
"""

import torch
from torch import Tensor


def point_at(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Return start + t (end - start), (..., 3)."""
    return start + t.unsqueeze(-1) * (end - start)


@torch.no_grad()
def nearest_to_point(start: Tensor, end: Tensor, point: Tensor) -> Tensor:
    """Return t (...,) of the points on segments (..., 3) that are nearest to points (..., 3)."""
    along = end - start
    return _fraction(((point - start) * along).sum(-1), along.square().sum(-1))


@torch.no_grad()
def nearest_to_segment(
    start: Tensor, end: Tensor, other_start: Tensor, other_end: Tensor
) -> tuple[Tensor, Tensor]:
    """Return t of the nearest points on both of two segments (..., 3), (...,) and (...,).

    The squared distance is a convex quadratic of both parameters. From where it is smallest on
    whole lines (anywhere, if they are parallel), one pass over each parameter leads to where it
    is smallest on the segments.
    """
    a, b, gap = end - start, other_end - other_start, start - other_start
    aa, bb, ab = a.square().sum(-1), b.square().sum(-1), (a * b).sum(-1)
    ag, bg = (a * gap).sum(-1), (b * gap).sum(-1)
    s = _fraction(ab * bg - bb * ag, aa * bb - ab.square())
    t = _fraction(bg + s * ab, bb)
    return _fraction(t * ab - ag, aa), t


def nearest_to_box(start: Tensor, end: Tensor, half: Tensor) -> Tensor:
    """Return t (...,) where segments (..., 3) have the least signed distance to a box.

    Inside, the distance has an edge where two faces are equally near. There t is no constant.

    Args:
        start: one end, in the axes of the box and from its middle.
        end: the other end.
        half: (3,) half lengths of the box.
    """
    with torch.no_grad():
        t = _nearest_outside(start, end, half)
        touching = (point_at(start, end, t).abs() <= half).all(-1)
    if not touching.any():
        return t
    return t.index_put((touching,), _deepest_inside(start[touching], end[touching], half))


def _nearest_outside(start: Tensor, end: Tensor, half: Tensor) -> Tensor:
    """Return t (...,) of the least sum of squared excesses |p_i| - half_i over 0.

    Its slope rises with t, straight between the knots where some p_i passes a face. So its zero
    is found exactly, between the last knot with a slope not above 0 and the next.
    """
    along = end - start
    knots = torch.cat([_fraction(face - start, along) for face in (half, -half)], dim=-1)
    zero = torch.zeros_like(knots[..., :1])
    knots = torch.cat([zero, knots, zero + 1.0], dim=-1).sort(dim=-1).values  # (..., 8)
    points = point_at(start.unsqueeze(-2), end.unsqueeze(-2), knots)  # (..., 8, 3)
    excess = (points.abs() - half).clamp_min(0.0) * points.sign()
    slope = (excess * along.unsqueeze(-2)).sum(-1)  # (..., 8)
    before = ((slope <= 0.0).sum(-1, keepdim=True) - 1).clamp(0, 6)
    (t0, t1), (s0, s1) = ((x.gather(-1, before), x.gather(-1, before + 1)) for x in (knots, slope))
    return (t0 + (t1 - t0) * _fraction(-s0, s1 - s0)).squeeze(-1)


def _deepest_inside(start: Tensor, end: Tensor, half: Tensor) -> Tensor:
    """Return t (N,) where the largest p_i - half_i and -p_i - half_i of segments (N, 3) is least.

    That is the largest of six straight lines over t, so it is least where two of them cross, or
    at an end.
    """
    along = end - start
    heights = torch.cat([start - half, -start - half], dim=-1)  # (N, 6)
    slopes = torch.cat([along, -along], dim=-1)
    i, j = torch.triu_indices(6, 6, offset=1, device=start.device)
    crossings = _fraction(heights[:, j] - heights[:, i], slopes[:, i] - slopes[:, j])  # (N, 15)
    t = torch.cat([crossings, torch.ones_like(crossings[:, :1])], dim=-1)  # 0 is among them
    highest = (heights[:, None] + t[..., None] * slopes[:, None]).amax(-1)  # (N, 16)
    return t.gather(-1, highest.argmin(-1, keepdim=True)).squeeze(-1)


def _fraction(part: Tensor, whole: Tensor) -> Tensor:
    """Return part / whole within [0, 1], and 0 where there is no whole."""
    some = whole.abs() > torch.finfo(whole.dtype).tiny
    return torch.where(some, part / torch.where(some, whole, 1.0), 0.0).clamp(0.0, 1.0)
