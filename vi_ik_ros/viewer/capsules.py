# SPDX-License-Identifier: Apache-2.0
"""Shapes of robots as capsules (a segment with a radius), the one primitive that we draw."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.viewer.skeleton import Skeleton

DRUM_COLOR = np.array([0.80, 0.81, 0.83])  # of joints and of the base


@dataclass(frozen=True)
class Capsules:
    """N capsules.

    Attributes:
        start: (N, 3) one end of the segment [m].
        end: (N, 3) the other end; equal to start for a sphere [m].
        radius: (N,) [m].
        color: (N, 3) red, green, blue in [0, 1].
    """

    start: np.ndarray
    end: np.ndarray
    radius: np.ndarray
    color: np.ndarray

    @classmethod
    def join(cls, parts: Iterable["Capsules"]) -> "Capsules":
        """Put several sets into one."""
        parts = list(parts)
        names = ("start", "end", "radius", "color")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def arm_capsules(arm: Skeleton, colors: np.ndarray) -> Capsules:
    """Draw B arms: coloured links that taper to the tip, joints as light drums on their axes.

    What does not move with any joint (the first link) is drawn once, in grey.

    Args:
        arm: joints of B configurations.
        colors: (B, 3) colour of each arm.
    """
    num_arms, num_points, _ = arm.points.shape
    reach = np.linalg.norm(np.diff(arm.points[0], axis=0), axis=-1).sum()
    taper = reach * np.linspace(0.034, 0.020, num_points - 1)  # (n + 1,), radius of each link
    base = Capsules(arm.points[:1, 0], arm.points[:1, 1], 1.25 * taper[:1], DRUM_COLOR[None])
    links = Capsules(
        arm.points[:, 1:-1].reshape(-1, 3),
        arm.points[:, 2:].reshape(-1, 3),
        np.tile(taper[1:], num_arms),
        np.repeat(colors, num_points - 2, axis=0),
    )
    half = 0.9 * taper[:-1, None] * arm.axes  # (B, n, 3)
    drums = Capsules(
        (arm.points[:, 1:-1] - half).reshape(-1, 3),
        (arm.points[:, 1:-1] + half).reshape(-1, 3),
        np.tile(1.12 * taper[:-1], num_arms),
        np.repeat(0.25 * colors + 0.75 * DRUM_COLOR, num_points - 2, axis=0),
    )
    return Capsules.join([base, links, drums])


def frame_capsules(T_root_frame: np.ndarray, length: float) -> Capsules:
    """Draw a frame as three thin rods: x red, y green, z blue.

    Args:
        T_root_frame: (4, 4) the frame.
        length: length of each rod [m].
    """
    origin = np.tile(T_root_frame[:3, 3], (3, 1))
    colors = np.array([[0.90, 0.16, 0.18], [0.18, 0.70, 0.25], [0.15, 0.35, 0.95]])
    return Capsules(
        origin, origin + length * T_root_frame[:3, :3].T, np.full(3, 0.05 * length), colors
    )
