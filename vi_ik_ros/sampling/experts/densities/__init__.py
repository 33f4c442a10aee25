# SPDX-License-Identifier: Apache-2.0
"""Densities by the name that objectives files use."""

from vi_ik_ros.sampling.experts.densities.density import Density
from vi_ik_ros.sampling.experts.densities.normal import Normal
from vi_ik_ros.sampling.experts.densities.normal_cdf import NormalCdf

DENSITIES: dict[str, type[Density]] = {"normal": Normal, "normal_cdf": NormalCdf}

__all__ = ["DENSITIES", "Density", "Normal", "NormalCdf"]
