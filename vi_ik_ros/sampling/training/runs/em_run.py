# SPDX-License-Identifier: Apache-2.0
"""The fit of a joint mixture of contexts and configurations: expectation maximisation on pairs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import qr
from torch import Tensor

from vi_ik_ros.exceptions import ObjectiveError
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.conditional import joint_mixture, periodic_mixture
from vi_ik_ros.sampling.models.em_mixture import EmMixture
from vi_ik_ros.sampling.models.linear_experts.joint_options import JointOptions, SomeFeatures
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.training.runs.amortized_run import NUM_STORED_CONTEXTS
from vi_ik_ros.sampling.training.runs.experts_run import precision
from vi_ik_ros.sampling.training.runs.run import Fitted, num_active
from vi_ik_ros.sampling.training.scores import score
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.symmetry import find_symmetry, reach

NUM_COMPONENTS = 100  # unless told
PAIRS_PER_COMPONENT, MIN_PAIRS = 500, 5_000
STEPS, LEAST_GAIN = 100, 1e-4  # updates unless told; [nat per pair] below which it has converged
NEARLY_A_TURN = 2.0 * math.pi - 0.1  # range of a joint [rad] from which its ends are neighbours
CONSTANT = 1e-6  # std of what a feature has of its own, below which it has nothing
GLANCE, GLANCE_CONTEXTS, GLANCE_SAMPLES = 10, 32, 16  # updates between estimates of the ELBO


@dataclass(frozen=True)
class JointRows:
    """What a joint mixture is fitted to.

    Attributes:
        values: (N, f + D) float64, features y and configurations x side by side; what a symmetry
            explains is taken off x, periodic joints are within half a turn of 0.
        num_features: f.
        periodic: indices of the columns that turn.
    """

    values: Tensor
    num_features: int
    periodic: tuple[int, ...]


class EmRun:
    """See `Run`; one update is one of expectation maximisation, on the same pairs."""

    family = "em"

    def __init__(self, objectives: Objectives, settings: FitSettings) -> None:
        """Draw the pairs and start from k-means.

        Raises:
            ObjectiveError: nothing is left open for a context.
        """
        product = objectives.product
        if not product.context_entries:
            raise ObjectiveError("context", "no entry", f"one or more for the family {self.family}")
        self._settings, self._product = settings, product
        self._pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
        num_components = settings.num_components or NUM_COMPONENTS
        num_pairs = max(MIN_PAIRS, PAIRS_PER_COMPONENT * num_components)
        generator = torch.Generator().manual_seed(settings.seed)
        drawn, x = (rows.cpu().double() for rows in self._pairs.draw(num_pairs, generator))
        contexts = drawn.numpy()
        self._options = _options(objectives, contexts, num_components)
        self._rows = joint_rows(self._options, contexts, x.numpy())
        self._components = periodic_mixture.init(
            self._rows.values,
            num_components,
            self._rows.periodic,
            np.random.default_rng(settings.seed),
        )
        self._glance_contexts = drawn[:GLANCE_CONTEXTS]
        self._step, self._likelihood, self._converged = 0, -math.inf, False
        self._elbo = math.nan

    @property
    def step(self) -> int:
        """Return the number of updates done."""
        return self._step

    @property
    def num_components(self) -> int:
        """See `Run.num_components`."""
        return num_active(self._components.log_weights.exp())

    def fraction(self, seconds: float) -> float:
        """See `Run.fraction`; 1 as soon as the likelihood has converged."""
        steps = self._settings.steps or STEPS
        done = max(self._step / steps, seconds / self._settings.time_limit)
        return 1.0 if self._converged else min(1.0, done)

    def update(self, seconds: float) -> Mapping[str, float]:
        """See `Run.update`."""
        self._components, info = periodic_mixture.step(
            self._components, self._rows.values, self._rows.periodic
        )
        self._converged = info.log_likelihood - self._likelihood < LEAST_GAIN
        self._likelihood = info.log_likelihood
        if self._step % GLANCE == 0:
            self._elbo = self._estimate_elbo()
        self._step += 1
        return {"joint log-likelihood": self._likelihood, "ELBO": self._elbo}

    def checkpoint(self) -> Checkpoint:
        """See `Run.checkpoint`; the pairs follow from the seed."""
        tensors = {f"components.{k}": v for k, v in self._components.tensors().items()}
        facts = {"step": self._step, "likelihood": self._likelihood, "converged": self._converged}
        return Checkpoint(tensors, {**facts, "figures": {"elbo": self._elbo}})

    def restore(self, checkpoint: Checkpoint) -> None:
        """See `Run.restore`."""
        self._components = GaussianComponents(**checkpoint.under("components."))
        self._step = int(str(checkpoint.facts["step"]))
        self._likelihood = float(str(checkpoint.facts["likelihood"]))
        self._converged = bool(checkpoint.facts["converged"])
        self._elbo = checkpoint.numbers("figures").get("elbo", math.nan)

    def result(self) -> Fitted:
        """See `Run.result`."""
        model = self._model()
        contexts, _ = self._pairs.draw(NUM_STORED_CONTEXTS, torch.Generator().manual_seed(1))
        return Fitted(model, score(model, self._pairs), contexts.cpu().numpy().astype(np.float32))

    def _model(self) -> EmMixture:
        return em_mixture(self._options, self._components, self._rows)

    def _estimate_elbo(self) -> float:
        """Return the ELBO on a few training contexts, with draws that change nothing of the fit."""
        rngs = [np.random.default_rng([self._step, i]) for i in range(GLANCE_CONTEXTS)]
        contexts = self._glance_contexts
        samples = self._model().sample(contexts.numpy(), GLANCE_SAMPLES, rngs)
        like = self._product.chain.lower
        drawn = torch.from_numpy(samples.q).flatten(0, 1).to(like)
        repeated = contexts.repeat_interleave(GLANCE_SAMPLES, dim=0).to(like)
        with torch.no_grad():
            log_target = self._product.log_density(drawn, repeated, priorities=(0,))
        return float(log_target.double().mean()) - float(samples.log_prob.mean())


def joint_rows(options: JointOptions, contexts: np.ndarray, x: np.ndarray) -> JointRows:
    """Return contexts (N, dc) and configurations x (N, D) as a joint mixture sees them."""
    y, offsets = options.features()(contexts)
    left = x - offsets
    joints = list(options.periodic)
    left[:, joints] = (left[:, joints] + math.pi) % (2.0 * math.pi) - math.pi
    f = y.shape[1]
    values = torch.from_numpy(np.concatenate([y, left], axis=1))
    return JointRows(values, f, tuple(f + joint for joint in joints))


def em_mixture(
    options: JointOptions, components: GaussianComponents, rows: JointRows, *, bounded: bool = True
) -> EmMixture:
    """Return a joint mixture as the model of configurations that is served.

    Args:
        options: of the model.
        components: of the joint.
        rows: that it was fitted to.
        bounded: whether features beyond those of the rows are taken as the ends of their range.
    """
    mixture = joint_mixture.condition(components, rows.num_features)
    gate_log_scale, gate_coupling = precision(mixture.gate.scale_tril)
    log_scale, coupling = precision(mixture.scale_tril)
    y = rows.values[:, : rows.num_features]
    far = torch.full_like(y[0], torch.finfo(torch.float32).max)
    tensors = {
        "gate_logits": mixture.gate.log_weights,
        "gate_loc": mixture.gate.loc,
        "gate_log_scale": gate_log_scale,
        "gate_coupling": gate_coupling,
        "matrix": mixture.matrix,
        "offset": mixture.offset,
        "log_scale": log_scale,
        "coupling": coupling,
        "feature_lower": y.amin(0) if bounded else -far,
        "feature_upper": y.amax(0) if bounded else far,
    }
    return EmMixture(options, {k: v.numpy().astype(np.float32) for k, v in tensors.items()})


def _options(objectives: Objectives, contexts: np.ndarray, num_components: int) -> JointOptions:
    """Return the sizes of the mixture for a robot and its contexts (N, dc)."""
    robot = objectives.robot
    entries = tuple((e.kind, e.size) for e in objectives.product.context_entries)
    lower, upper = np.asarray(robot.lower, float), np.asarray(robot.upper, float)
    some = torch.from_numpy(contexts[:4096]).float()
    symmetry = find_symmetry(objectives, some)
    turned = [joint for joint in (symmetry.first, symmetry.last) if joint is not None]
    length_scale = round(reach(objectives, symmetry, some), 3)
    features = SomeFeatures(entries, len(lower), symmetry, length_scale)
    ranges = upper - lower
    whole = (ranges >= NEARLY_A_TURN) & (ranges <= 2.0 * math.pi + 1e-6) & _turns(objectives)
    return JointOptions(
        entries=entries,
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
        length_scale=length_scale,
        num_components=num_components,
        symmetry=symmetry,
        columns=independent_columns(features, contexts, len(turned)),
        periodic=tuple(sorted({*np.flatnonzero(whole).tolist(), *turned})),
    )


def _turns(objectives: Objectives) -> np.ndarray:
    """Tell which columns of a configuration are angles of joints, (D,)."""
    tree = objectives.robot.tree
    joints = [joint.type != "prismatic" for joint in tree.joints]
    return np.array([False] * tree.num_base + joints)


def independent_columns(
    features: SomeFeatures, contexts: np.ndarray, num_turned: int
) -> tuple[int, ...]:
    """Return features that no linear function of the others gives, from contexts (N, dc).

    The cosine and sine of the angles that were turned away are left out: but for the limits of
    those joints, nothing depends on them.
    """
    y, _ = features(contexts)
    kept = y[:, : y.shape[1] - 2 * num_turned]
    _, R, order = qr(kept - kept.mean(0), mode="economic", pivoting=True)
    own = np.abs(np.diagonal(R)) / math.sqrt(len(y))  # std of what those before it do not explain
    return tuple(sorted(order[own > CONSTANT].tolist()))
