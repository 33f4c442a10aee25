# SPDX-License-Identifier: Apache-2.0
"""Answer sampling requests: draw from the model, refine, fall back, say what became of it."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vi_ik_ros.exceptions import RequestError
from vi_ik_ros.kinematics.collisions.clearance import LinkClearance
from vi_ik_ros.kinematics.collisions.collision import SelfCollision
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.store.model_store import StoredModel
from vi_ik_ros.sampling.warm_start.answering.body_rows import narrowed_body, start_limits
from vi_ik_ros.sampling.warm_start.answering.request import (
    SampleAnswer,
    SampleRequest,
    Source,
    TargetStatus,
)
from vi_ik_ros.sampling.warm_start.answering.rounds import draw_from_model, fall_back, group_size
from vi_ik_ros.sampling.warm_start.answering.search import Search
from vi_ik_ros.sampling.warm_start.answering.targets import TargetReader, Targets
from vi_ik_ros.sampling.warm_start.answering.terms import Terms, allowed_range, narrowed
from vi_ik_ros.sampling.warm_start.answering.verdict import Findings, excess, verdict
from vi_ik_ros.sampling.warm_start.novelty import NUM_NEIGHBOURS, Novelty
from vi_ik_ros.sampling.warm_start.obstacles import ObstacleExpert, read_obstacles
from vi_ik_ros.sampling.warm_start.refine import Tolerance
from vi_ik_ros.sampling.warm_start.whole_body.body_targets import BodyTargets

__all__ = ["SampleAnswer", "SampleRequest", "Source", "TargetStatus", "WarmStartSolver"]

TRAINING_CONTEXTS = "extra.training_contexts"
# What of a timeout is kept for what follows the search: for each row that may come, mostly its
# log density, but no more than a part of the timeout.
CLOSE, CLOSE_PER_ROW, CLOSE_PART = 3e-3, 6e-6, 0.35  # [s], [s], -
# Of refined whole bodies: in 34 dimensions most of a draw's spread is error that refining undoes.
BODY_TEMPERATURE = 0.5


class WarmStartSolver:
    """Draws configurations from one stored model and makes them fit their targets.

    Nothing is kept between calls, so threads may share it as far as the model allows.

    Attributes:
        robot: The robot.
        novelty: What the model was trained on, or None where that was not stored.
    """

    def __init__(
        self,
        robot: RobotModel,
        stored_model: StoredModel,
        *,
        max_num_samples: int = 100_000,
        num_threads: int | None = None,
    ) -> None:
        """Prepare what does not depend on a request.

        Args:
            robot: The robot that the model was made for.
            stored_model: The model with its document.
            max_num_samples: Largest `num_samples` of a request.
            num_threads: Threads of the refiner; None: as many as a batch is worth.
        """
        self.robot, self._stored, self._model = robot, stored_model, stored_model.model
        self._max_num_samples, self._num_threads = max_num_samples, num_threads
        self._reader = TargetReader(robot, stored_model.document)
        self._body: BodyTargets | None = None
        if self._reader.chain is None:
            self._body = BodyTargets.of(robot, stored_model.document)
        self.novelty = _novelty(stored_model.extras.get(TRAINING_CONTEXTS), self._reader)

    @property
    def can_refine(self) -> bool:
        """Whether `refine` knows what to aim at: the tip of a serial chain, or a body's tasks."""
        return self._reader.chain is not None or self._body is not None

    def solve(self, request: SampleRequest) -> SampleAnswer:
        """Answer a request; a target without a solution is a status, not an error.

        Raises:
            RequestError, ContextError: A field cannot be used.
        """
        start = time.perf_counter()
        request.check(self._max_num_samples, self.robot.nq)
        if request.refine and not self.can_refine:
            expected = "false: this model places no tip of a serial chain and no whole body"
            raise RequestError("refine", request.refine, expected)
        targets = self._reader.read(request)
        seed = request.seed or secrets.randbits(64)
        rngs = [np.random.default_rng([seed, i]) for i in range(len(targets.contexts))]
        call = self._call(request, len(rngs), start)
        distance, limit = self._context_distance(targets.contexts)
        size = group_size(call.terms)
        groups = [
            self._solve_group(
                call,
                targets.part(slice(i, i + size)),
                rngs[i : i + size],
                distance[i : i + size] / limit,
            )
            for i in range(0, len(rngs), size)
        ]
        rows = np.concatenate([group.rows for group in groups])
        num_draws, redrawn = np.sum([group.draws for group in groups], axis=0)
        return SampleAnswer(
            model_digest=self._stored.digest,
            joint_names=tuple(self.robot.joint_names),
            counts=np.concatenate([group.counts for group in groups]).astype(np.uint32),
            positions=np.ascontiguousarray(rows["q"]),
            **_columns(rows),
            target_status=np.array(
                [status for group in groups for status, _ in group.verdicts], dtype=np.uint8
            ),
            target_msg=tuple(message for group in groups for _, message in group.verdicts),
            elapsed=time.perf_counter() - start,
            checked=np.concatenate([group.checked for group in groups]).astype(np.uint32),
            survived=np.concatenate([group.survived for group in groups]).astype(np.uint32),
            ess=np.concatenate([group.ess for group in groups]),
            out_of_distribution=distance > limit,
            context_distance=distance,
            context_distance_limit=limit,
            redraw_rate=float(redrawn / max(1, num_draws)),
        )

    def _context_distance(self, contexts: np.ndarray) -> tuple[np.ndarray, float]:
        """Return how far contexts (B, dc) are from those of the training, and how far is normal."""
        if self.novelty is None:
            return np.full(len(contexts), np.nan), np.nan
        return self.novelty.distance(contexts), self.novelty.threshold

    @cached_property
    def self_collision(self) -> SelfCollision:
        """Read the collision geometry once it is needed: meshes take long."""
        return SelfCollision(self.robot)

    @cached_property
    def _clearance(self) -> LinkClearance:
        """Read the collision geometry once a request has obstacles."""
        return LinkClearance(self.robot)

    def _obstacles(self, request: SampleRequest) -> ObstacleExpert | None:
        """Turn the obstacles of a request into an expert."""
        solids = read_obstacles(request.obstacles)
        if not solids:
            return None
        return ObstacleExpert(self._clearance.distance_to(solids), request.obstacle_margin)

    def _call(self, request: SampleRequest, num_targets: int, start: float) -> "_Call":
        """Work out what a request, which began at a time, asks of every row."""
        reference = np.asarray(request.reference, dtype=np.float64)
        near = request.reference_max_distance or np.inf
        limits = allowed_range(self.robot, reference if reference.size else None, near)
        chain, body = self._reader.chain, self._body
        close = CLOSE + CLOSE_PER_ROW * request.num_samples * num_targets
        timeout = request.timeout - min(close, CLOSE_PART * request.timeout)
        terms = Terms(
            num_samples=request.num_samples,
            refine=request.refine,
            tolerance=Tolerance(
                request.position_tolerance or Tolerance.position,
                request.orientation_tolerance or Tolerance.orientation,
            ),
            distinct_tolerance=request.distinct_tolerance,
            chain=chain and (narrowed(chain, *limits) if np.isfinite(near) else chain),
            position_only=self._reader.position_only,
            body=body and (narrowed_body(body, *limits) if np.isfinite(near) else body),
            continuous=self.robot.continuous,
            reference=reference if reference.size else None,
            max_distance=near,
            collides=self.self_collision.in_collision if request.avoid_self_collision else None,
            obstacles=self._obstacles(request),
            deadline=start + timeout if request.timeout else None,
            num_threads=self._num_threads,
        )
        model = self._model.at_temperature(request.temperature or self._usual_temperature(terms))
        return _Call(terms, model, start_limits(self.robot, limits) if body else limits)

    def _usual_temperature(self, terms: Terms) -> float:
        """Return the temperature of a request that names none."""
        narrower = terms.body is not None and terms.refine and self._model.has_log_prob
        return BODY_TEMPERATURE if narrower else 1.0

    def _solve_group(
        self,
        call: "_Call",
        targets: Targets,
        rngs: Sequence[np.random.Generator],
        novelty: np.ndarray,
    ) -> "_Group":
        """Search rows for a few targets, whose distances to the training are so many limits."""
        terms, num_targets = call.terms, len(targets.contexts)
        beyond = np.full(num_targets, -np.inf)
        if terms.chain is not None and targets.T_root_tip is not None:
            beyond = excess(terms.chain, targets.T_root_tip)
        goals = terms.body.targets(targets.contexts) if terms.body else targets.T_root_tip
        search, hopeless = Search(terms, goals, num_targets), beyond > 0.0
        drawn = draw_from_model(search, terms, call.model, targets.contexts, rngs, hopeless)
        if terms.refine:
            fall_back(search, terms, self.robot.ready, call.limits, rngs, hopeless)
        expired, rows = terms.expired, search.finish()
        if terms.refine and call.model.has_log_prob:
            rows["log_prob"] = _log_prob(call.model, rows, targets.contexts)
        columns = (search.found, search.best, beyond, novelty, search.checked, search.survived)
        verdicts = [
            verdict(terms, Findings(int(n), drawn, best[0], best[1], far, odd, expired, *sight))
            for n, best, far, odd, *sight in zip(*columns, strict=True)
        ]
        counts = np.bincount(rows["target"], minlength=num_targets)
        sight = search.checked, search.survived, search.ess
        return _Group(rows, counts, verdicts, *sight, search.draws)


@dataclass(frozen=True)
class _Call:
    """What holds for all groups of one request."""

    terms: Terms
    model: ConditionalModel
    limits: tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class _Group:
    """What came out for a few targets."""

    rows: np.ndarray
    counts: np.ndarray
    verdicts: list[tuple[TargetStatus, str]]
    checked: np.ndarray
    survived: np.ndarray
    ess: np.ndarray
    draws: np.ndarray


def _log_prob(model: ConditionalModel, rows: np.ndarray, contexts: np.ndarray) -> np.ndarray:
    """Return the log density (N,) of rows as they are now; NaN where no model drew them."""
    result = np.full(len(rows), np.nan)
    drawn = np.flatnonzero(rows["source"] == Source.MODEL)
    if not len(drawn):
        return result
    # One block of equally many rows for each target; what is too many repeats a row.
    targets, first, counts = np.unique(rows["target"][drawn], return_index=True, return_counts=True)
    place = np.minimum(np.arange(counts.max()), counts[:, None] - 1)
    block = drawn[first[:, None] + place]
    result[block] = model.log_prob(rows["q"][block], contexts[targets])
    return result


def _columns(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the fields of rows that stand in an answer as they are."""
    kinds = {"component": np.uint32, "iterations": np.uint32}
    skipped = ("q", "target")
    return {
        name: rows[name].astype(kinds.get(name, rows[name].dtype))
        for name in rows.dtype.names or ()
        if name not in skipped
    }


def _novelty(contexts: np.ndarray | None, reader: TargetReader) -> Novelty | None:
    """Fit what is normal to the stored training contexts, where there are enough."""
    if contexts is None or len(contexts) <= NUM_NEIGHBOURS or not reader.num_columns:
        return None
    return Novelty.fit(contexts, reader.kinds)
