# SPDX-License-Identifier: Apache-2.0
"""A small ray caster for capsules on a floor, with one light and its shadows; numpy only."""

from dataclasses import dataclass, replace

import numpy as np

from vi_ik_ros.viewer.capsules import Capsules

FLOOR = -1  # index of the floor in `View.index`
NOTHING = -2
LIGHT_DIRECTION = np.array([0.30, -0.38, 0.875])  # unit vector towards the light
LIGHT_DIRECTION /= np.linalg.norm(LIGHT_DIRECTION)
BACKGROUND = np.array([251, 251, 252]) / 255.0


@dataclass(frozen=True)
class Camera:
    """A camera without perspective.

    Attributes:
        center: (3,) point in the middle of the picture [m].
        direction: (3,) unit vector from that point towards the camera.
        height: what the picture shows from its bottom to its top [m].
        pixels: (width, height) of the picture.
    """

    center: np.ndarray
    direction: np.ndarray
    height: float = 1.0
    pixels: tuple[int, int] = (800, 800)

    @property
    def axes(self) -> np.ndarray:
        """Rows right, up, backwards of the picture in the root frame, (3, 3)."""
        right = np.cross([0.0, 0.0, 1.0], self.direction)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(self.direction, right), self.direction])

    @property
    def scale(self) -> float:
        """Pixels per metre."""
        return self.pixels[1] / self.height

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return column, row [pixels] and nearness [m] of points (..., 3)."""
        seen = (points - self.center) @ self.axes.T
        width, height = self.pixels
        column = seen[..., 0] * self.scale + 0.5 * width
        row = 0.5 * height - seen[..., 1] * self.scale
        return np.stack([column, row, seen[..., 2]], axis=-1)


@dataclass(frozen=True)
class View:
    """What each pixel sees.

    Attributes:
        nearness: (H, W) position along the camera's direction [m]; -inf where nothing is.
        index: (H, W) int, which capsule; FLOOR or NOTHING.
        normal: (H, W, 3) surface normal in the root frame.
    """

    nearness: np.ndarray
    index: np.ndarray
    normal: np.ndarray


def framed(camera: Camera, capsules: Capsules, *, room: float = 1.2) -> Camera:
    """Return the camera moved so that all capsules fit its picture.

    Args:
        camera: its direction and pixels stay.
        capsules: what to see.
        room: height of the picture, as a multiple of what the segments need.
    """
    width, rows = camera.pixels
    seen = np.concatenate([capsules.start, capsules.end]) @ camera.axes.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    across, upwards, _ = high - low
    height = room * max(upwards, across * rows / width)
    return replace(camera, center=0.5 * (low + high) @ camera.axes, height=height)


def render(capsules: Capsules, camera: Camera, *, floor_radius: float = 1.2) -> np.ndarray:
    """Draw capsules standing on a round floor at z = 0.

    Args:
        capsules: what to draw.
        camera: from where.
        floor_radius: radius within which the floor fades out, about the middle [m].

    Returns:
        (H, W, 3) picture, values in [0, 1].
    """
    view = _cast(capsules, camera)
    points = _points(view, camera)  # (H, W, 3)
    light = Camera(camera.center, LIGHT_DIRECTION, 1.9 * camera.height, (1400, 1400))
    lit = _lit(points, view.normal, _cast(capsules, light, with_floor=False), light)
    return _shade(view, points, lit, capsules.color, camera, floor_radius=floor_radius)


def overlay(picture: np.ndarray, capsules: Capsules, camera: Camera, *, alpha: float) -> np.ndarray:
    """Draw capsules over a picture, transparent and without shadows.

    Args:
        picture: (H, W, 3), values in [0, 1].
        capsules: what to draw; they hide each other.
        camera: that of the picture.
        alpha: share of the new colours where the capsules are, 1 for opaque.
    """
    view = _cast(capsules, camera, with_floor=False)
    lit = np.ones(view.nearness.shape)
    body = _shade(view, _points(view, camera), lit, capsules.color, camera, floor_radius=1.0)
    share = np.where(view.index >= 0, alpha, 0.0)[..., None]
    return (1.0 - share) * picture + share * body


def _cast(capsules: Capsules, camera: Camera, *, with_floor: bool = True) -> View:
    width, height = camera.pixels
    view = View(
        np.full((height, width), -np.inf),
        np.full((height, width), NOTHING),
        np.zeros((height, width, 3)),
    )
    if with_floor and camera.direction[2] > 0.0:
        _cast_floor(view, camera)
    segments = camera.project(np.stack([capsules.start, capsules.end], axis=1))  # (N, 2, 3)
    for index, ends in enumerate(segments):
        _cast_capsule(view, camera, index, ends, capsules.radius[index] * camera.scale)
    return view


def _cast_floor(view: View, camera: Camera) -> None:
    """Put the plane z = 0 behind everything."""
    _, up, backwards = camera.axes
    rows = np.arange(camera.pixels[1]) + 0.5
    upwards = (0.5 * camera.pixels[1] - rows) / camera.scale
    nearness = -(camera.center[2] + upwards * up[2]) / backwards[2]
    view.nearness[:] = nearness[:, None]
    view.index[:] = FLOOR
    view.normal[:] = (0.0, 0.0, 1.0)


def _cast_capsule(view: View, camera: Camera, index: int, ends: np.ndarray, radius: float) -> None:
    """Draw one capsule into a view; its two ends (2, 3) as `Camera.project` gives them."""
    low = np.floor(ends.min(axis=0)[:2] - radius).astype(int).clip(0)
    high = np.ceil(ends.max(axis=0)[:2] + radius).astype(int).clip(0, camera.pixels)
    if np.any(high <= low):
        return
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    columns, rows = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    a, b = ends * np.array([1.0, 1.0, camera.scale])
    depth, normal = _surface(columns, rows, a, b, radius)
    nearness = depth / camera.scale
    nearer = nearness > view.nearness[window]
    view.nearness[window] = np.where(nearer, nearness, view.nearness[window])
    view.index[window] = np.where(nearer, index, view.index[window])
    picture_axes = camera.axes * np.array([[1.0], [-1.0], [1.0]])  # rows count downwards
    view.normal[window] = np.where(nearer[..., None], normal @ picture_axes, view.normal[window])


def _surface(
    x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return depth (h, w) and normal (h, w, 3) of a capsule from a to b where rays along z meet it.

    The nearest surface of the two end spheres and of the cylinder between them; -inf if none.
    """
    axis = b - a
    length = np.linalg.norm(axis)
    best, foot = np.full(x.shape, -np.inf), np.zeros((*x.shape, 3))
    for center in (a, b):
        under = radius**2 - (x - center[0]) ** 2 - (y - center[1]) ** 2
        depth = np.where(under > 0.0, center[2] + np.sqrt(under.clip(0.0)), -np.inf)
        nearer = depth > best
        best = np.where(nearer, depth, best)
        foot[nearer] = center
    slope = 1.0 - (axis[2] / length) ** 2 if length > 1e-9 else 0.0
    if slope > 1e-9:  # Rays along the axis meet the spheres only.
        along = axis / length
        dx, dy = x - a[0], y - a[1]
        flat = dx * along[0] + dy * along[1]
        # |d + t z|^2 - (along . (d + t z))^2 = radius^2 with d = (dx, dy, 0), solved for t.
        half = -flat * along[2]
        under = half**2 - slope * (dx**2 + dy**2 - flat**2 - radius**2)
        t = (-half + np.sqrt(under.clip(0.0))) / slope
        s = flat + t * along[2]
        hit = (under > 0.0) & (s >= 0.0) & (s <= length) & (a[2] + t > best)
        best = np.where(hit, a[2] + t, best)
        foot[hit] = a + s[hit][:, None] * along
    points = np.stack([x, y, np.where(np.isfinite(best), best, 0.0)], axis=-1)
    return best, (points - foot) / radius


def _points(view: View, camera: Camera) -> np.ndarray:
    """Return the point in the root frame that each pixel sees, (H, W, 3)."""
    width, height = camera.pixels
    right, up, backwards = camera.axes
    x = (np.arange(width) + 0.5 - 0.5 * width) / camera.scale
    y = (0.5 * height - np.arange(height) - 0.5) / camera.scale
    depth = np.where(np.isfinite(view.nearness), view.nearness, 0.0)[..., None]
    return camera.center + x[None, :, None] * right + y[:, None, None] * up + depth * backwards


def _lit(points: np.ndarray, normal: np.ndarray, shadow: View, light: Camera) -> np.ndarray:
    """Return how much of the light reaches each point, (H, W) in [0, 1], softened at edges."""
    seen = light.project(points + 0.012 * normal)
    width, height = light.pixels
    lit = np.zeros(points.shape[:2])
    offsets = [(i, j) for i in (-4, 0, 4) for j in (-4, 0, 4)]
    for column, row in offsets:
        i = (seen[..., 0] + column).astype(int).clip(0, width - 1)
        j = (seen[..., 1] + row).astype(int).clip(0, height - 1)
        lit += shadow.nearness[j, i] < seen[..., 2] + 0.006
    return lit / len(offsets)


def _shade(
    view: View,
    points: np.ndarray,
    lit: np.ndarray,
    colors: np.ndarray,
    camera: Camera,
    *,
    floor_radius: float,
) -> np.ndarray:
    """Give every pixel its colour, (H, W, 3) in [0, 1]."""
    diffuse = (view.normal @ LIGHT_DIRECTION).clip(0.0) * lit
    sky = 0.5 + 0.5 * view.normal[..., 2]
    half = LIGHT_DIRECTION + camera.direction
    shine = (view.normal @ (half / np.linalg.norm(half))).clip(0.0) ** 60 * lit
    rim = (1.0 - (view.normal @ camera.direction).clip(0.0)) ** 3
    base = colors[view.index.clip(0)]
    strength = (0.36 + 0.22 * sky + 0.62 * diffuse)[..., None]
    body = base * strength + 0.28 * shine[..., None] + 0.10 * rim[..., None]
    ground = _floor_color(points) * (0.72 + 0.28 * lit)[..., None]
    distance = np.linalg.norm(points[..., :2] - camera.center[:2], axis=-1)
    fade = np.clip((floor_radius - distance) / (0.6 * floor_radius), 0.0, 1.0)[..., None]
    ground = BACKGROUND + fade * (ground - BACKGROUND)
    picture = np.where((view.index >= 0)[..., None], body, ground)
    picture[view.index == NOTHING] = BACKGROUND
    return picture.clip(0.0, 1.0)


def _floor_color(points: np.ndarray, step: float = 0.25, width: float = 0.004) -> np.ndarray:
    """Return a light floor with a grid of lines `step` apart, (H, W, 3)."""
    away = np.abs(points[..., :2] / step - np.round(points[..., :2] / step)).min(axis=-1) * step
    line = np.clip(1.5 - away / width, 0.0, 1.0)[..., None]
    return np.array([0.95, 0.955, 0.965]) * (1.0 - 0.13 * line)
