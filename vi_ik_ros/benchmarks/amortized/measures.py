# SPDX-License-Identifier: Apache-2.0
"""What a conditional model of an arm is worth: scores, errors, components, distinct solutions."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from vi_ik_ros.benchmarks.amortized.robots import Task
from vi_ik_ros.benchmarks.warm_starts.figures import pose_errors
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.experts.objective_file import Objectives
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.training.pairs import TrainingPairs
from vi_ik_ros.sampling.warm_start.distinct import distinct
from vi_ik_ros.sampling.warm_start.refine import refine

SEED = 20_240_601  # of contexts and draws, the same for all models
NUM_STARTS = 20  # refined for each target
USED = 1e-4  # mean weight above which a component is used


@dataclass(frozen=True)
class Scale:
    """How much is drawn.

    Attributes:
        num_contexts: held-out contexts, and as many targets.
        num_draws: of each held-out context, for scores.
        num_gated: contexts whose components are counted.
        num_gate_draws: of each of them.
    """

    num_contexts: int = 1_000
    num_draws: int = 16
    num_gated: int = 100
    num_gate_draws: int = 1_000


QUICK = Scale(num_contexts=20, num_draws=4, num_gated=10, num_gate_draws=100)


@dataclass(frozen=True)
class Stage:
    """An arm with what every model is asked.

    Attributes:
        task: the arm's.
        objectives: the target density.
        scale: how much is drawn.
        contexts: (N, dc), held out.
        x: (N, D), the configurations that these were drawn from.
        T: (N, 4, 4), targets: poses of random configurations.
    """

    task: Task
    objectives: Objectives
    scale: Scale
    contexts: np.ndarray
    x: np.ndarray
    T: np.ndarray

    @classmethod
    def of(cls, task: Task, scale: Scale) -> Self:
        """Draw contexts and targets."""
        objectives = task.objectives()
        product, robot = objectives.product, objectives.robot
        pairs = TrainingPairs(product, product.chain.lower, product.chain.upper)
        generator = torch.Generator().manual_seed(SEED)
        contexts, x = pairs.draw(scale.num_contexts, generator, held_out=True)
        q = np.random.default_rng(SEED).uniform(robot.lower, robot.upper, tuple(x.shape))
        rows = contexts.double().numpy(), x.double().numpy()
        return cls(task, objectives, scale, *rows, robot.forward(q))

    @property
    def robot(self) -> RobotModel:
        """The arm."""
        return self.objectives.robot


@dataclass(frozen=True)
class Measured:
    """Figures of one fit.

    Attributes:
        elbo, entropy, log_likelihood: (N,), of each held-out context.
        position_error: (N, n) of draws at the targets [m].
        orientation_error: (N, n) [rad].
        distinct: (N,) solutions among the refined draws of each target.
        converged: (N,), share of them that converged.
        used: components whose mean weight is above `USED`.
        per_context: (g,) exp of the entropy of the gate.
        kept: components that the model has.
    """

    elbo: np.ndarray
    entropy: np.ndarray
    log_likelihood: np.ndarray
    position_error: np.ndarray
    orientation_error: np.ndarray
    distinct: np.ndarray
    converged: np.ndarray
    used: int
    per_context: np.ndarray
    kept: int


def measure(stage: Stage, model: ConditionalModel) -> Measured:
    """Return the figures of a model; the same draws are used for the same figures of all models."""
    log_target, log_prob = _drawn(stage, model)
    likelihood = model.log_prob(stage.x[:, None], stage.contexts)[:, 0]
    q = _draws(model, stage.task.contexts(matrix_to_pose(stage.T)), NUM_STARTS, 1)
    flat, goals = q.reshape(-1, q.shape[2]), np.repeat(stage.T, NUM_STARTS, axis=0)
    position_error, orientation_error = pose_errors(stage.robot, flat, goals)
    position_only = stage.task.position_only
    chain, wraps = stage.robot.serial_chain(), stage.robot.continuous
    refined = refine(chain, goals, flat, position_only=position_only, num_threads=1)
    ok, rows = refined.converged.reshape(q.shape[:2]), refined.q.reshape(q.shape)
    counts = [len(distinct(a[k], continuous=wraps)) for a, k in zip(rows, ok, strict=True)]
    shares = _gate_shares(stage, model)
    gate_entropy = -(shares * np.log(np.where(shares > 0.0, shares, 1.0))).sum(1)
    return Measured(
        elbo=(log_target - log_prob).mean(1),
        entropy=-log_prob.mean(1),
        log_likelihood=likelihood,
        position_error=position_error.reshape(q.shape[:2]),
        orientation_error=orientation_error.reshape(q.shape[:2]),
        distinct=np.array(counts),
        converged=ok.mean(1),
        used=int((shares.mean(0) > USED).sum()),
        per_context=np.exp(gate_entropy),
        kept=model.num_components,
    )


def _drawn(stage: Stage, model: ConditionalModel) -> tuple[np.ndarray, np.ndarray]:
    """Return log p~ and log q (N, n) of draws at the held-out contexts."""
    n = stage.scale.num_draws
    rngs = [np.random.default_rng([SEED, i]) for i in range(len(stage.contexts))]
    samples = model.sample(stage.contexts, n, rngs)
    product = stage.objectives.product
    like = product.chain.lower
    x = torch.from_numpy(samples.q.reshape(-1, model.num_dims)).to(like)
    contexts = torch.from_numpy(stage.contexts).to(like).repeat_interleave(n, dim=0)
    with torch.inference_mode():
        log_target = product.log_density(x, contexts, priorities=(0,))
    return log_target.double().numpy().reshape(-1, n), samples.log_prob


def _draws(model: ConditionalModel, contexts: np.ndarray, count: int, stream: int) -> np.ndarray:
    """Return draws (N, count, D) of every context."""
    rngs = [np.random.default_rng([SEED, stream, i]) for i in range(len(contexts))]
    return model.sample(contexts, count, rngs).q


def _gate_shares(stage: Stage, model: ConditionalModel) -> np.ndarray:
    """Return the weights (g, K) of the components, counted in draws of each of g contexts."""
    contexts = stage.contexts[: stage.scale.num_gated]
    rngs = [np.random.default_rng([SEED, 2, i]) for i in range(len(contexts))]
    component = model.sample(contexts, stage.scale.num_gate_draws, rngs).component
    K = model.num_components
    return np.stack([np.bincount(row, minlength=K) / len(row) for row in component])
