# SPDX-License-Identifier: Apache-2.0
"""Every model family by the name that `model.json` and the command line use."""

from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.models.banana_mixture import BananaMixture
from vi_ik_ros.sampling.models.conditional_vae import ConditionalVae
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.sampling.models.gaussian_mixture import GaussianMixture
from vi_ik_ros.sampling.models.invertible_network import InvertibleNetwork
from vi_ik_ros.sampling.models.kd_tree import KdTree
from vi_ik_ros.sampling.models.mixture_of_experts import MixtureOfExperts
from vi_ik_ros.sampling.models.model import ConditionalModel

FAMILIES: dict[str, type[ConditionalModel]] = {
    family.family: family
    for family in (
        AmortizedMixture,
        GaussianMixture,
        BananaMixture,
        MixtureOfExperts,
        EmMixture,
        InvertibleNetwork,
        ConditionalVae,
        KdTree,
    )
}
