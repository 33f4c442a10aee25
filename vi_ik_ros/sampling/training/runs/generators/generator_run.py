# SPDX-License-Identifier: Apache-2.0
"""The fit of a generator: losses of pairs of context and configuration, by gradients."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
from vi_ik_ros.sampling.models.generators.autoencoder import Autoencoder
from vi_ik_ros.sampling.models.generators.coupling_network import CouplingNetwork
from vi_ik_ros.sampling.models.generators.generator import Generator
from vi_ik_ros.sampling.models.generators.options import GeneratorOptions
from vi_ik_ros.sampling.models.soft_limits import SoftLimits
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.runs.run import Fitted
from vi_ik_ros.sampling.training.scores import score
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.symmetry import reach

NUM_STORED_CONTEXTS = 10_000  # training contexts kept with a model, to tell what is unlike them
NUM_LOOKED_AT = 16_384  # pairs that means and stds are taken from
SMALLEST = 1e-6  # std of a feature that never changes
KEPT = 0.98  # of a running mean, at each update

Options = TypeVar("Options", bound=GeneratorOptions)


class GeneratorRun(ABC):
    """See `Run`; a subclass says what is trained, and by which losses."""

    family: str
    options_type: type[GeneratorOptions]  # of the network

    def __init__(self, objectives: Objectives, settings: FitSettings) -> None:
        """Build pairs and a fresh network.

        Raises:
            ObjectiveError: nothing is left open for a context.
        """
        product = objectives.product
        if not product.context_entries:
            raise ObjectiveError("context", "no entry", f"one or more for the family {self.family}")
        self._settings = settings
        self._pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
        self._generator = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = self._network(_seen(self.options_type, objectives, self._pairs, settings))
        self._net = network.to(product.chain.lower.device)
        self._optimizer = torch.optim.AdamW(
            [p for p in self._net.parameters() if p.requires_grad],
            betas=(0.9, 0.99),
            weight_decay=1e-4,
            fused=True,
        )
        self._figures: dict[str, float] = {}
        self.step, self.num_components = 0, 1

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`."""
        return self._settings.fraction(self.step, seconds)

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        settings, standard = self._settings, self._net.standard
        rate = settings.learning_rate_at(self.step, self.fraction(seconds))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        contexts, x = self._pairs.draw(settings.batch_size, self._generator)
        losses = self._losses(standard.rows(x), standard.features(contexts))
        total = torch.stack(list(losses.values())).sum()
        self._optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        for name, value in losses.items():
            before = self._figures.get(name, float("nan"))
            now = float(value.detach())
            self._figures[name] = now if before != before else KEPT * before + (1 - KEPT) * now
        return self._shown(self._figures)

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`."""
        tensors = {f"weight.{name}": value for name, value in self._net.state_dict().items()}
        for index, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"moment.{index}.{key}": value for key, value in moments.items()}
        tensors = {name: value.cpu() for name, value in tensors.items()}
        tensors["generator"] = self._generator.get_state()
        return Checkpoint(tensors, {"step": self.step, "figures": dict(self._figures)})

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        self._net.load_state_dict(checkpoint.under("weight."))
        groups = self._optimizer.state_dict()["param_groups"]
        moments = {i: checkpoint.under(f"moment.{i}.") for i in groups[0]["params"]}
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self._generator.set_state(checkpoint.tensors["generator"])
        self.step = int(str(checkpoint.facts["step"]))
        self._figures = checkpoint.numbers("figures")

    def result(self) -> Fitted:
        """See `Run.result`."""
        model = self._model()
        contexts, _ = self._pairs.draw(NUM_STORED_CONTEXTS, torch.Generator().manual_seed(1))
        return Fitted(model, score(model, self._pairs), contexts.cpu().numpy().astype(np.float32))

    @abstractmethod
    def _network(self, seen: GeneratorOptions) -> CouplingNetwork | Autoencoder:
        """Build the network; the caller seeds torch.

        Args:
            seen: what the pairs and the robot say; sizes are the network's business.
        """

    @abstractmethod
    def _losses(self, u: Tensor, features: Tensor) -> dict[str, Tensor]:
        """Return the losses, by name, of rows u (B, D) and scaled features (B, f)."""

    @abstractmethod
    def _model(self) -> Generator:
        """Return what the network has become, as it is served."""

    def _shown(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Return the figures that people watch, of the running means of the losses."""
        return dict(figures)


def _seen(
    options_type: type[Options],
    objectives: Objectives,
    pairs: TrainingPairs,
    settings: FitSettings,
) -> Options:
    """Return limits, contexts, means and stds, and as much noise as the contexts leave open."""
    robot, product = objectives.robot, objectives.product
    drawn = pairs.draw(NUM_LOOKED_AT, torch.Generator().manual_seed(settings.seed))
    contexts, x = (rows.cpu().double() for rows in drawn)
    held = sum(product.expert(e.objective).transform.residual_size for e in product.context_entries)
    bare = options_type(
        entries=tuple((entry.kind, entry.size) for entry in product.context_entries),
        lower=tuple(float(bound) for bound in robot.lower),
        upper=tuple(float(bound) for bound in robot.upper),
        loc=(),
        scale=(),
        feature_loc=(),
        feature_scale=(),
        length_scale=round(reach(objectives, AxisSymmetry(), contexts), 3),
        latent_size=max(1, len(robot.lower) - held),
    )
    lower, upper = np.array(bare.lower), np.array(bare.upper)
    z = SoftLimits(lower, upper, bare.limit_widths()).to_unlimited(x.numpy())
    features = bare.features(contexts.numpy())
    return replace(
        bare,
        loc=_numbers(z.mean(0)),
        scale=_numbers(z.std(0)),
        feature_loc=_numbers(features.mean(0)),
        feature_scale=_numbers(np.maximum(features.std(0), SMALLEST)),
    )


def _numbers(row: np.ndarray) -> tuple[float, ...]:
    """Round as far as it does not matter: these numbers stand in `model.json`."""
    return tuple(float(f"{number:.6g}") for number in row)
