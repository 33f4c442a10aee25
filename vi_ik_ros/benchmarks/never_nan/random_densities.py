# SPDX-License-Identifier: Apache-2.0
"""Random densities over the values of a transform, as an objectives file writes them."""

import math
from collections.abc import Callable

import numpy as np

from vi_ik_ros.sampling.experts.densities import Normal
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.transforms import Transform

DECADES = (-8.0, 8.0)  # of extreme scales
FAR = 1e6  # of extreme places [m or rad]


def random_density(rng: np.random.Generator, transform: Transform, value: np.ndarray) -> dict:
    """Draw the fields of a density that the transform admits.

    Args:
        rng: source of randomness.
        transform: whose values are judged.
        value: (size,) a value that the robot attains, in wire form.
    """
    kinds: dict[str, Callable[[], dict]] = {
        "normal": lambda: normal(rng, transform, value),
        "uni_gauss": lambda: uni_gauss(rng, transform, value),
    }
    if transform.is_vector:
        kinds["normal_cdf"] = lambda: normal_cdf(rng, transform, value)
    if transform.kind == "orientation":
        kinds["matrix_bingham_von_mises_fisher"] = lambda: matrix_fields(rng)
    kind = str(rng.choice(list(kinds)))
    return {"type": kind} | kinds[kind]()


def scale(rng: np.random.Generator) -> float:
    """Draw a positive number: extreme, or as users choose standard deviations."""
    return float(10.0 ** rng.uniform(*(DECADES if rng.random() < 0.5 else (-3.0, 0.0))))


def place(rng: np.random.Generator, size: int) -> list[float]:
    """Draw a point: in reach, or up to FAR away."""
    length = FAR if rng.random() < 0.2 else 10.0 ** rng.uniform(-1.0, 1.0)
    return (length * rng.uniform(-1.0, 1.0, size)).tolist()


def normal(rng: np.random.Generator, transform: Transform, value: np.ndarray) -> dict:
    """Draw a mean, attained or not, and a spread in one of the ways to write it."""
    mean = value.copy()
    if rng.random() < 0.5:
        mean = np.array(place(rng, transform.size))
        if transform.quaternion is not None:
            quaternion = rng.normal(size=4)
            mean[transform.quaternion] = quaternion / np.linalg.norm(quaternion)
    return {"mean": mean.tolist()} | spread(rng, transform)


def spread(rng: np.random.Generator, transform: Transform) -> dict:
    """Draw `std` or `covariance`."""
    size = transform.residual_size
    ways = ["one", "list", "covariance"] + ["parts"] * bool(transform.parts)
    way = rng.choice(ways)
    if way == "one":
        return {"std": scale(rng)}
    if way == "parts":
        return {"std": {part: scale(rng) for part in transform.parts}}
    stds = np.array([scale(rng) for _ in range(size)])
    if way == "list":
        return {"std": stds.tolist()}
    factor = rng.normal(size=(size, size + 2))
    factor /= np.linalg.norm(factor, axis=1, keepdims=True)
    correlation = 0.5 * np.eye(size) + 0.5 * factor @ factor.T
    covariance = correlation * np.outer(stds, stds)
    return {"covariance": (0.5 * (covariance + covariance.T)).tolist()}


def uni_gauss(rng: np.random.Generator, transform: Transform, value: np.ndarray) -> dict:
    """Draw an objective that may be given up."""
    fields = normal(rng, transform, value)
    log_least = float(Normal.from_fields(Fields(fields), transform).log_normalizer)
    log_volume = min(log_least, 600.0) + rng.uniform(0.1, 20.0)
    fields |= {"probability": float(rng.uniform(1e-6, 1 - 1e-6)), "volume": math.exp(log_volume)}
    if rng.random() < 0.5:
        log_widest = (log_volume - log_least) / transform.residual_size
        fields["width"] = math.exp(rng.uniform(0.1, 0.9) * log_widest)
    return fields


def normal_cdf(rng: np.random.Generator, transform: Transform, value: np.ndarray) -> dict:
    """Draw bounds on the entries or along directions, or a polygon; they may exclude all values."""
    if transform.size == 2 and rng.random() < 0.3:
        corners = value + scale(rng) * rng.uniform(-1.0, 1.0, (5, 2))
        return {"polygon": corners.tolist(), "std": scale(rng)}
    if transform.limits is not None and rng.random() < 0.3:
        return {"lower": "joint_limits", "upper": "joint_limits", "std": scale(rng)}
    fields: dict[str, object] = {}
    scalars = value
    if rng.random() < 0.3:
        directions = scale(rng) * rng.normal(size=(int(rng.integers(1, 4)), transform.size))
        scalars, fields["directions"] = directions @ value, directions.tolist()
    middle = scalars if rng.random() < 0.6 else np.array(place(rng, len(scalars)))
    half = scale(rng)
    sides = {"lower": (middle - half).tolist(), "upper": (middle + half).tolist()}
    kept = rng.choice(["lower", "upper", "both"])
    fields |= sides if kept == "both" else {str(kept): sides[str(kept)]}
    many = rng.random() < 0.3
    return fields | {"std": [scale(rng) for _ in scalars] if many else scale(rng)}


def matrix_fields(rng: np.random.Generator) -> dict:
    """Draw the matrices of Eq. (31)."""
    fields = {}
    if rng.random() < 0.7:
        fields["C"] = (scale(rng) * rng.normal(size=(3, 3))).tolist()
    if not fields or rng.random() < 0.4:
        for key in ("A", "B"):
            matrix = scale(rng) * rng.normal(size=(3, 3))
            fields[key] = (matrix + matrix.T).tolist()
    return fields
