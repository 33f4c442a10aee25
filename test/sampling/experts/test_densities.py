# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch
from scipy import special, stats
from scipy.spatial.transform import Rotation

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.densities import DENSITIES, Normal, NormalCdf
from vi_ik_ros.sampling.experts.densities.normal_cdf import log_normal_cdf
from vi_ik_ros.sampling.experts.fields import Fields
from vi_ik_ros.sampling.experts.transforms import (
    Configuration,
    Orientation,
    Pose,
    PoseMatrix,
    Position,
)

FREE = Position("tip")  # a transform whose values are three numbers


def tensor(*entries):
    return torch.tensor(entries, dtype=torch.float64)


def normal(**fields):
    return Normal.from_fields(Fields(fields), FREE)


@pytest.mark.parametrize("scale", [tensor(0.1, 2.0, 30.0), None])
def test_a_normal_is_scipys_but_for_its_constant(scale):
    factor = torch.tensor([[1.0, 0, 0], [0.5, 0.2, 0], [-3.0, 0.1, 2.0]]).double()
    density = Normal(tensor(1.0, -2.0, 0.5), factor if scale is None else scale)
    covariance = factor @ factor.mT if scale is None else scale.square().diag()
    value = torch.randn(7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    reference = stats.multivariate_normal(density.mean.numpy(), covariance.numpy())
    expected = reference.logpdf(value.numpy())
    assert np.allclose(density.log_density(value) - density.log_normalizer, expected)


@pytest.mark.parametrize("density", [normal(mean=[1, 2, 3], std=0.3)])
def test_a_normal_is_zero_at_its_mean_and_lower_elsewhere(density):
    value = torch.stack([density.mean, density.mean + 1e-3])
    at_mean, beside = density.log_density(value)
    assert at_mean == 0.0 > beside


def test_a_wider_normal_changes_less_and_a_boundless_one_nothing():
    value = tensor([5.0, -3.0, 2.0])
    heights = [normal(mean=[0, 0, 0], std=10.0**n).log_density(value).item() for n in range(9)]
    assert heights == sorted(heights)
    assert heights[0] < -1.0 and abs(heights[-1]) < 1e-14


def test_std_may_be_one_number_a_list_or_a_covariance():
    value = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mean = [0.1, 0.2, 0.3]
    one, many = normal(mean=mean, std=0.5), normal(mean=mean, std=[0.5, 0.5, 0.5])
    full = normal(mean=mean, covariance=[[0.25, 0, 0], [0, 0.25, 0], [0, 0, 0.25]])
    assert torch.equal(one.log_density(value), many.log_density(value))
    assert torch.allclose(one.log_density(value), full.log_density(value))


def test_a_pose_takes_std_by_name():
    pose = [0.0, 0, 0, 0, 0, 0, 1]
    fields = Fields({"mean": pose, "std": {"position": 0.005, "orientation": [0.1, 0.2, 0.3]}})
    density = Normal.from_fields(fields, Pose("tip"))
    assert density.scale.tolist() == [0.005, 0.005, 0.005, 0.1, 0.2, 0.3]


def test_each_row_may_have_its_own_mean():
    means, values = torch.rand(2, 4, 3, dtype=torch.float64)
    density = normal(std=[0.1, 0.2, 0.3])
    together = density.conditioned("mean", means).log_density(values)
    for row in range(4):
        alone = density.conditioned("mean", means[row]).log_density(values[row : row + 1])
        assert torch.allclose(together[row], alone[0])


@pytest.mark.parametrize("scale", [tensor(0.5, 3.0), torch.tensor([[0.5, 0], [1.5, 2]]).double()])
def test_coloured_noise_has_the_covariance_and_whitens_back(scale):
    density = Normal(tensor(0.0, 0.0), scale)
    noise = torch.randn(40_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = density.colour(noise)
    covariance = scale @ scale.mT if scale.ndim == 2 else scale.square().diag()
    assert torch.allclose(drawn.mT.cov(), covariance, rtol=0.05, atol=0.05)
    assert torch.allclose(density.whiten(drawn), noise)


def cdf(lower, upper, std=0.1):
    return NormalCdf(tensor(lower), tensor(upper), tensor(std))


def test_a_cdf_is_half_at_its_bound_and_nothing_far_inside():
    density = cdf(0.0, 100.0)
    assert density.log_density(tensor([0.0])).item() == pytest.approx(math.log(0.5))
    assert density.log_density(tensor([100.0])).item() == pytest.approx(math.log(0.5))
    assert density.log_density(tensor([50.0])).item() == 0.0


def test_a_one_sided_cdf_only_rises():
    value = torch.linspace(-50.0, 50.0, 1001, dtype=torch.float64)[:, None]
    height = cdf(0.0, math.inf).log_density(value)
    assert (height.diff() >= 0).all()
    assert (height[:501].diff() > 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (-math.inf, 1.0), (-math.inf, math.inf)])
def test_value_and_gradient_are_finite_however_far(dtype, bounds):
    value = torch.tensor([[-1e6], [-1.0], [0.0], [1.0], [1e6]], dtype=dtype, requires_grad=True)
    height = cdf(*bounds).to(dtype, "cpu").log_density(value)
    (gradient,) = torch.autograd.grad(height.sum(), value)
    assert height.isfinite().all() and gradient.isfinite().all()
    if bounds == (-1.0, 1.0):
        assert gradient[0] > 1e6 and gradient[-1] < -1e6


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-13)])
def test_log_normal_cdf_and_its_slope_are_right_everywhere(dtype, tolerance):
    z = torch.cat([-torch.logspace(9, -3, 49), torch.linspace(-3, 12, 61)]).to(dtype)
    z.requires_grad_()
    value = log_normal_cdf(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    exact = z.detach().double().numpy()
    ratio = np.sqrt(2 / np.pi) / special.erfcx(-exact / np.sqrt(2))
    assert np.allclose(value.detach().numpy(), special.log_ndtr(exact), rtol=tolerance, atol=1e-30)
    assert np.allclose(slope.numpy(), ratio, rtol=10 * tolerance, atol=1e-30)


def test_log_normal_cdf_has_a_second_derivative():
    z = torch.tensor([-30.0, -1.0, 1e-3, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(log_normal_cdf, z)


def test_the_slope_of_a_cdf_is_the_inverse_mills_ratio():
    value = torch.linspace(-0.9, 0.9, 13, dtype=torch.float64)[:, None].requires_grad_()
    (gradient,) = torch.autograd.grad(cdf(0.0, math.inf).log_density(value).sum(), value)
    z = value.detach().numpy() / 0.1
    expected = np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z)) / 0.1
    assert np.allclose(gradient.numpy(), expected)


def test_far_outside_a_cdf_falls_like_a_normal():
    far = cdf(0.0, math.inf).log_density(tensor([-100.0])).item()
    assert far == pytest.approx(stats.norm.logcdf(-1000.0), rel=1e-12)


def test_joint_limits_leave_continuous_joints_free():
    transform = Configuration((0, 1), (True, False), ((-math.inf, -1.0), (math.inf, 2.0)))
    fields = Fields({"lower": "joint_limits", "upper": "joint_limits", "std": 0.05})
    density = NormalCdf.from_fields(fields, transform)
    assert density.log_density(tensor([1e3, 0.5])).item() > -1e-100
    assert density.log_density(tensor([0.0, 2.5])).item() < -10


def test_an_open_side_is_null():
    fields = Fields({"lower": [None, 0.0, None], "std": 0.1})
    density = NormalCdf.from_fields(fields, FREE)
    assert density.log_density(tensor([-9.0, 9.0, 9.0])).item() == 0.0
    assert density.log_density(tensor([9.0, -9.0, 9.0])).item() < -1000


EXAMPLES = {
    "normal": ({"mean": [0, 0, 0], "std": 1.0}, FREE),
    "normal_cdf": ({"lower": 0.0, "std": 1.0, "directions": [[1, 2, 3]]}, FREE),
    "uni_gauss": ({"mean": [0, 0, 0], "std": 0.1, "probability": 0.9, "volume": 8.0}, FREE),
    "matrix_bingham_von_mises_fisher": ({"C": [[1, 0, 0]] * 3}, Orientation("tip")),
}


@pytest.fixture(params=DENSITIES)
def density_and_value(request):
    fields, transform = EXAMPLES[request.param]
    density = DENSITIES[request.param].from_fields(Fields(fields), transform)
    rows = torch.randn(5, transform.size, generator=torch.Generator().manual_seed(0))
    return density, transform.from_wire(rows.double())


def test_half_the_squared_deviations_are_what_is_lost_against_the_peak(density_and_value):
    density, value = density_and_value
    loss = density.peak - density.log_density(value)
    assert (loss >= -1e-9).all()
    assert torch.allclose(0.5 * density.deviations(value).square().sum(-1), loss, atol=1e-9)


def test_the_peak_of_a_density_is_attained():
    mean = torch.zeros(1, 3, dtype=torch.float64)
    for name in ("normal", "uni_gauss"):
        density = DENSITIES[name].from_fields(Fields(EXAMPLES[name][0]), FREE)
        assert density.log_density(mean).item() == pytest.approx(density.peak, abs=1e-12)
    assert cdf(0.0, 100.0).log_density(tensor([50.0])).item() == cdf(0.0, 100.0).peak


def test_the_peak_of_a_matrix_density_is_the_highest_of_many_rotations():
    rotations = torch.from_numpy(Rotation.random(50_000, random_state=0).as_matrix())
    A, B = [[3.0, 1, 0], [1, -2, 0.5], [0, 0.5, 1]], [[0.3, 0, 0], [0, 2.0, 1.0], [0, 1.0, 0.1]]
    for fields in ({"C": [[1, 2, 0], [0, 1, 3], [1, 0, -2]]}, {"A": A, "B": B}):
        name = "matrix_bingham_von_mises_fisher"
        density = DENSITIES[name].from_fields(Fields(fields), Orientation("tip"))
        highest = density.log_density(rotations).max().item()
        assert highest < density.peak < highest + 0.05 * abs(highest)


def test_every_density_moves_to_another_dtype_with_all_its_tensors(density_and_value):
    density, value = density_and_value
    single = density.to(torch.float32, "cpu").log_density(value.float())
    assert single.dtype == torch.float32 and single.shape == (5,)
    assert torch.allclose(single.double(), density.log_density(value), rtol=1e-4, atol=1e-5)


def test_every_density_has_the_slope_of_its_values(density_and_value):
    density, value = density_and_value
    assert torch.autograd.gradcheck(density.log_density, value.requires_grad_())


def test_every_density_ends_a_fit_as_a_density(density_and_value):
    density, value = density_and_value
    for progress in (0.0, 0.5, 1.0):
        assert density.annealed(progress).log_density(value).isfinite().all()


def test_every_density_refuses_an_unknown_key():
    for name, (fields, transform) in EXAMPLES.items():
        with pytest.raises(ObjectiveError, match="unknown key"):
            DENSITIES[name].from_fields(Fields(fields | {"meen": 1}), transform)


def test_a_normal_may_be_joint_over_position_and_rotation_entries():
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(12, 12, generator=generator, dtype=torch.float64)
    covariance = factor @ factor.mT + torch.eye(12)
    pose = [0.1, 0.2, 0.3, 0.0, 0.6, 0.0, 0.8]
    fields = {"mean": pose, "covariance": (covariance + covariance.mT).mul(0.5).tolist()}
    density = Normal.from_fields(Fields(fields), PoseMatrix("tip"))
    value = torch.randn(4, 12, generator=generator, dtype=torch.float64)
    reference = stats.multivariate_normal(density.mean.numpy(), covariance.numpy())
    expected = reference.logpdf(value.numpy())
    assert np.allclose(density.log_density(value) - density.log_normalizer, expected)


def test_a_pose_matrix_takes_std_by_name():
    std = {"position": 0.02, "orientation": 0.1}
    density = Normal.from_fields(Fields({"std": std}), PoseMatrix("tip"))
    assert density.scale.tolist() == [0.02] * 3 + [0.1] * 9
