# SPDX-License-Identifier: Apache-2.0
"""The fit of an amortized mixture: likelihood of pairs first, then sharpened by the ELBO."""

import math
from collections.abc import Mapping

import numpy as np
import torch

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.inference.conditional import amortized
from vi_ik_ros.sampling.inference.conditional.components.component_selection import num_components
from vi_ik_ros.sampling.inference.conditional.components.component_splitting import split_components
from vi_ik_ros.sampling.inference.conditional.sharpening.gate_power import with_best_gates
from vi_ik_ros.sampling.inference.conditional.state_tensors import from_tensors, to_tensors
from vi_ik_ros.sampling.models.amortized.layers.projection import SMOOTH
from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
from vi_ik_ros.sampling.models.amortized.turning.turns import Turns
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.models.linear_experts.network import LinearExperts
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.further_training import started_network
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.runs.run import Fitted, num_active
from vi_ik_ros.sampling.training.scores import score
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.symmetry import find_symmetry, reach
from vi_ik_ros.sampling.training.turning_joints import turning_joints

NUM_STORED_CONTEXTS = 10_000  # training contexts kept with a model, to tell what is unlike them
NUM_COMPONENTS = 64  # unless told
MANY_DIMS, NUM_BASES = 12, 16  # beyond so many dimensions, couplings are made of so many triangles
SETTLED = 0.5  # fraction of the run before which weights say little about what will be needed
NUM_JUDGED, JUDGED_SEED = 1_000, 2  # pairs that the power of the gates is chosen by
GLANCE, GLANCE_CONTEXTS = 20, 32  # updates between two estimates of the ELBO; what each looks at


class AmortizedRun:
    """See `Run`; a subclass fits another conditional family in the same way."""

    family = "amortized"

    def __init__(self, objectives: Objectives, settings: FitSettings) -> None:
        """Build pairs and a fresh network.

        Raises:
            ObjectiveError: nothing is left open for a context.
        """
        product = objectives.product
        if not product.context_entries:
            raise ObjectiveError("context", "no entry", f"one or more for the family {self.family}")
        self._product, self._settings = product, settings
        self._turns = self._find_turns(objectives)
        window = (product.chain.lower.new_tensor(bounds) for bounds in self._turns.window())
        self._pairs = TrainingPairs(product, *window)
        self._generator = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = self._network(objectives, settings)  # made on the CPU: equal weights
        self._state = amortized.init(network.to(product.chain.lower.device))
        self._means: dict[str, float] = {}  # of figures, running
        self._glance = float("nan")
        self._glances = torch.Generator().manual_seed(settings.seed)  # change nothing of the fit
        self.num_components = 0

    @property
    def step(self) -> int:
        """Return the number of updates done."""
        return self._state.step

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`."""
        return self._settings.fraction(self._state.step, seconds)

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        settings, network = self._settings, self._state.network
        fraction = self.fraction(seconds)
        contexts, x = self._pairs.draw(settings.batch_size, self._generator)
        sharpening = fraction >= settings.sharpen_from and settings.elbo_weight > 0.0
        update = amortized.Update(
            learning_rate=settings.learning_rate_at(self._state.step, fraction),
            elbo_weight=settings.elbo_weight if sharpening else 0.0,
            trust_region=settings.trust_region,
            sir_weight=settings.sir_weight,
            widening=settings.widening,
            obsolete_below=settings.obsolete_below if fraction >= SETTLED else 0.0,
            mixed_precision=x.device.type == "cpu" and _has_bfloat16(),
        )
        self._state, info = amortized.step(
            self._state,
            (contexts, network.limits.to_unlimited(x)),
            target=self._product,
            update=update,
            generator=self._generator,
        )
        figures = {"log-likelihood": self._running("likelihood", -info.negative_log_likelihood)}
        self.num_components = num_active(info.weights)
        if sharpening:
            return {**figures, "ELBO": self._running("elbo", info.elbo)}
        if self._state.step % GLANCE == 1:
            some = contexts[:GLANCE_CONTEXTS]
            self._glance = amortized.estimate_elbo(
                network, some, self._product, update=update, generator=self._glances
            )
        return figures if math.isnan(self._glance) else {**figures, "ELBO": self._glance}

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`."""
        state = self._state
        generators = {"generator": self._generator, "glances": self._glances}
        tensors = to_tensors(state) | {name: g.get_state() for name, g in generators.items()}
        facts = {"step": state.step, "num_components": num_components(state.network)}
        figures = {**self._means, "glance": self._glance}
        return Checkpoint(tensors, {**facts, "figures": figures})

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        facts = {name: int(str(checkpoint.facts[name])) for name in ("step", "num_components")}
        self._state = from_tensors(self._state, checkpoint.tensors, **facts)
        self._generator.set_state(checkpoint.tensors["generator"])
        self._means = checkpoint.numbers("figures")
        self._glance = self._means.pop("glance", self._glance)
        if "glances" in checkpoint.tensors:  # which earlier versions have not kept
            self._glances.set_state(checkpoint.tensors["glances"])

    def result(self) -> Fitted:
        """See `Run.result`."""
        model = self._model()
        contexts, _ = self._pairs.draw(NUM_STORED_CONTEXTS, torch.Generator().manual_seed(1))
        return Fitted(model, score(model, self._pairs), contexts.cpu().numpy().astype(np.float32))

    def _running(self, name: str, value: float) -> float:
        """Return the exponential running mean, started by the first value that is a number."""
        mean = self._means.get(name, math.nan)
        self._means[name] = value if math.isnan(mean) else 0.98 * mean + 0.02 * value
        return self._means[name]

    def _find_turns(self, objectives: Objectives) -> Turns:
        """Return the joints that are read modulo a turn."""
        return turning_joints(objectives)

    def _network(
        self, objectives: Objectives, settings: FitSettings
    ) -> AmortizedNetwork | LinearExperts:
        """Build the network for a robot and its contexts; the caller seeds torch."""
        robot, product = objectives.robot, objectives.product
        generator = torch.Generator().manual_seed(settings.seed)
        contexts, _ = self._pairs.draw(4096, generator)
        if settings.start:
            network = started_network(settings.start, robot, product.context_entries)
            K = settings.num_components
            return split_components(network, contexts[:512].cpu(), K, generator) if K else network
        contexts = contexts.cpu()
        symmetry = find_symmetry(objectives, contexts, self._turns.joints)
        options = AmortizedOptions(
            entries=tuple((entry.kind, entry.size) for entry in product.context_entries),
            lower=tuple(float(bound) for bound in robot.lower),
            upper=tuple(float(bound) for bound in robot.upper),
            symmetry=symmetry,
            length_scale=round(reach(objectives, symmetry, contexts), 3),
            num_components=settings.num_components or NUM_COMPONENTS,
            width=settings.width,
            num_blocks=settings.num_blocks,
            num_bases=NUM_BASES if len(robot.lower) > MANY_DIMS else 0,
            projection=SMOOTH,
            periodic=self._turns.joints,
        )
        return AmortizedNetwork(options)

    def _model(self) -> ConditionalModel:
        """Return what the network has become, as it is served."""
        network = self._state.network
        assert isinstance(network, AmortizedNetwork)
        if self._settings.decide_gates:
            generator = torch.Generator().manual_seed(JUDGED_SEED)
            contexts, x = self._pairs.draw(NUM_JUDGED, generator, held_out=True)
            pairs = contexts, network.limits.to_unlimited(x)
            update = amortized.Update(0.0, elbo_weight=self._settings.elbo_weight)
            network, _ = with_best_gates(network, pairs, self._product, update)
        return AmortizedMixture(network.options, network.tensors())


def _has_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 matrices itself."""
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
