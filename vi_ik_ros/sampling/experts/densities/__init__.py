# SPDX-License-Identifier: Apache-2.0
"""Densities by the name that objectives files use."""

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.densities.matrix_bingham_von_mises_fisher import (
    MatrixBinghamVonMisesFisher,
)
from vi_ik_ros.sampling.experts.densities.normal import Normal
from vi_ik_ros.sampling.experts.densities.normal_cdf import NormalCdf
from vi_ik_ros.sampling.experts.densities.uni_gauss import UniGauss

DENSITIES: dict[str, type[Density]] = {
    "normal": Normal,
    "normal_cdf": NormalCdf,
    "matrix_bingham_von_mises_fisher": MatrixBinghamVonMisesFisher,
    "uni_gauss": UniGauss,
}

__all__ = [
    "DENSITIES",
    "Density",
    "MatrixBinghamVonMisesFisher",
    "Normal",
    "NormalCdf",
    "UniGauss",
]
