# SPDX-License-Identifier: Apache-2.0
"""The same Gaussian processes for BoTorch's acquisitions, and its warnings kept out of the log."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.utils.sampling import manual_seed
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.means import ConstantMean
from gpytorch.settings import cholesky_jitter, cholesky_max_tries
from torch import Tensor

from vi_ik_ros.skills.learning.peers.monolithic.success import MonolithicProcess


def single_task_gp(process: MonolithicProcess, sign: float = 1.0) -> SingleTaskGP:
    """Return a process, times `sign`, as a model of BoTorch with fixed hyper-parameters.

    Args:
        process: of cost or constraint.
        sign: -1 for costs, because BoTorch maximises.
    """
    theta, scaling = process.hyperparameters, process.standardisation
    kernel = MaternKernel(nu=2.5, ard_num_dims=len(theta.lengthscales))
    scaled, mean = ScaleKernel(kernel), ConstantMean()
    likelihood = GaussianLikelihood(noise_constraint=GreaterThan(0.0))
    model = SingleTaskGP(
        tensor(process.x),
        tensor(sign * process.y)[:, None],
        likelihood=likelihood,
        covar_module=scaled,
        mean_module=mean,
        outcome_transform=None,
    )
    model.double()
    kernel.lengthscale = tensor(theta.lengthscales)
    scaled.outputscale = tensor(theta.signal_variance * scaling.scale**2)
    likelihood.noise_covar.initialize(noise=tensor(process.noise_variance))
    mean.initialize(constant=tensor(sign * scaling.offset))
    return model.eval().requires_grad_(False)


def tensor(array: np.ndarray | float) -> Tensor:
    """Return numbers in double precision."""
    return torch.as_tensor(np.asarray(array, dtype=float), dtype=torch.double)


@contextmanager
def undisturbed(seed: int) -> Iterator[None]:
    """Run BoTorch without its warnings, with more patience for duplicates and its own draws.

    What BoTorch draws comes from torch's global generator; it is seeded here and put back after.
    """
    logger = logging.getLogger("linear_operator")
    level = logger.level
    with (
        warnings.catch_warnings(),
        cholesky_jitter(double_value=1e-7),
        cholesky_max_tries(7),
        manual_seed(seed),
        torch.no_grad(),
    ):
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
