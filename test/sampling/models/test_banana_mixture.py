# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture

NO_CONTEXT = np.empty((1, 0))


def rngs() -> list[np.random.Generator]:
    return [np.random.default_rng(5)]


def across(direction: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Part of symmetric matrices (K, J, D, D) across orthonormal vectors (K, J, D)."""
    P = (np.eye(direction.shape[2]) - direction.mT @ direction)[:, None]
    return P @ (matrix + matrix.mT) @ P


def tensors(K: int = 2, D: int = 2, J: int = 1, bend: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    direction = np.linalg.qr(rng.normal(size=(K, D, J))).Q.mT
    scale = np.tril(0.1 * rng.normal(size=(K, D, D)), -1) + 0.3 * np.eye(D)
    return {
        "log_weights": rng.normal(size=K),
        "loc": rng.uniform(-0.5, 0.5, (K, D)),
        "scale_tril": scale,
        "direction": direction,
        "curvature": bend * across(direction, rng.normal(size=(K, J, D, D))),
    }


def make(D: int = 2, J: int = 1, limit: float = 6.0, **changes: np.ndarray) -> BananaMixture:
    return BananaMixture(
        **(tensors(D=D, J=J) | changes), lower=np.full(D, -limit), upper=np.full(D, limit)
    )


def test_density_integrates_to_one():
    axis = np.linspace(-6, 6, 601)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(1, -1, 2)
    mass = np.exp(make().log_prob(grid, NO_CONTEXT)).sum() * (axis[1] - axis[0]) ** 2
    assert mass == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("J", [1, 2])
def test_samples_follow_the_density(J):
    """E_q[f/q] is the integral of f, for any density f and independent of the sampler's formula."""
    model = make(D=3, J=J)
    samples = model.sample(NO_CONTEXT, 60_000, rngs())
    log_f = -0.5 * ((samples.q - model.loc[0]) ** 2 / 0.01).sum(-1) - 1.5 * np.log(2 * np.pi * 0.01)
    assert np.exp(log_f - samples.log_prob).mean() == pytest.approx(1.0, abs=0.05)
    assert -samples.log_prob.mean() < 3  # not by luck: the density has substance where rows are


@pytest.mark.parametrize("J", [1, 2])
def test_bending_adds_its_variance_along_the_directions_and_moves_no_mean(J):
    model = make(D=3, limit=50.0, **tensors(D=3, J=J, bend=1.5))
    samples = model.sample(NO_CONTEXT, 200_000, rngs())
    for k in range(2):
        rows, a = samples.q[samples.component == k], model.direction[k]
        np.testing.assert_allclose(rows.mean(0), model.loc[k], atol=0.01)
        flat = model.scale_tril[k] @ model.scale_tril[k].T
        bent = model.curvature[k] @ flat  # (J, D, D); the bends covary like 2 tr(C_i S C_j S)
        added = 2 * np.einsum("iab,jba->ij", bent, bent)
        assert np.trace(added) > 0.01
        np.testing.assert_allclose(np.cov(rows.T), flat + a.T @ added @ a, atol=0.04)


def test_without_a_bend_it_is_a_gaussian_mixture():
    flat = tensors(D=3, bend=0.0)
    banana = make(**flat, D=3)
    names = ("log_weights", "loc", "scale_tril")
    parts = {name: flat[name] for name in names}
    gaussian = GaussianMixture(**parts, lower=banana.lower, upper=banana.upper)
    a, b = (model.sample(NO_CONTEXT, 100, rngs()) for model in (banana, gaussian))
    np.testing.assert_allclose(a.q, b.q, atol=1e-14)
    np.testing.assert_allclose(a.log_prob, b.log_prob, atol=1e-10)


def test_rounding_to_float32_keeps_a_normalised_density():
    rounded = {name: value.astype(np.float32) for name, value in make().tensors().items()}
    model = BananaMixture.from_tensors(json.loads(json.dumps(make().options())), rounded)
    assert np.abs(np.einsum("kjil,kml->kjim", model.curvature, model.direction)).max() < 1e-12
    q = make().sample(NO_CONTEXT, 100, rngs()).q
    expected = make().log_prob(q, NO_CONTEXT)
    np.testing.assert_allclose(model.log_prob(q, NO_CONTEXT), expected, atol=1e-4)


def test_draws_outside_the_limits_are_redrawn():
    samples = make(limit=0.6).sample(NO_CONTEXT, 500, rngs())
    assert samples.redrawn > 0
    assert np.abs(samples.q).max() <= 0.6


def test_far_rows_have_a_finite_log_prob():
    far = np.array([[[1e200, 0.0], [-1e308, 1e308]]])
    assert np.isfinite(make().log_prob(far, NO_CONTEXT)).all()


GOOD = tensors()
WRONG = {
    r"direction\[.\]: got off by 3, expected orthonormal": {"direction": 2 * GOOD["direction"]},
    "direction: got 2 directions": {"direction": np.tile(np.eye(2), (2, 1, 1))},
    "direction: got shape": {"direction": np.eye(3)},
    r"curvature\[0\]: got off.*C a = 0": {"curvature": np.tile(np.eye(2), (2, 1, 1, 1))},
    r"curvature\[0\]: got off.*symmetric": {
        "curvature": np.tile([[0.0, 1], [-1, 0]], (2, 1, 1, 1))
    },
    "curvature: got inf": {"curvature": np.full((2, 1, 2, 2), np.inf)},
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_tensors_are_refused_by_name(message):
    with pytest.raises(InvalidInput, match=f"tensor {message}"):
        BananaMixture.from_tensors(make().options(), GOOD | WRONG[message])
