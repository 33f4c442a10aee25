# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from vi_ik_ros.sampling.inference.generators.variational import MOST_OPEN, stretch
from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder
from vi_ik_ros.sampling.models.generators.options import DecoderOptions

OPTIONS = DecoderOptions(
    entries=(("position", 2),),
    lower=(-3.0,) * 3,
    upper=(3.0,) * 3,
    loc=(0.0,) * 3,
    scale=(1.0,) * 3,
    feature_loc=(0.0, 0.0, 0.0),
    feature_scale=(1.0, 1.0, 1.0),
    width=8,
    latent_size=2,
)


def network_with_open(share: float) -> Autoencoder:
    """Return an autoencoder that leaves this share of the first latent open, all of the second."""
    network = Autoencoder(OPTIONS)
    with torch.no_grad():
        network.encoder[-1].weight.zero_()
        network.encoder[-1].bias.copy_(torch.tensor([0.0, 0.0, share, 1.0]).log().nan_to_num(0.0))
    return network


def test_noise_is_stretched_by_what_the_encoder_leaves_open():
    u, features = torch.zeros(5, 3), torch.zeros(5, 3)
    used, unused = stretch(network_with_open(0.19), u, features).tolist()
    assert used == pytest.approx(1 / 0.9, rel=1e-6)
    assert unused == pytest.approx((1 - MOST_OPEN) ** -0.5, rel=1e-6)


def test_stretched_noise_restores_the_variance_of_a_linear_model():
    # Pairs of variance 4 under errors of variance 0.4: the best decoder has slope sqrt(3.6) and
    # the encoder leaves 0.4 / 4 open.
    (factor, _) = stretch(network_with_open(0.1), torch.zeros(1, 3), torch.zeros(1, 3))
    assert 3.6 * float(factor) ** 2 == pytest.approx(4.0, rel=1e-6)
