# SPDX-License-Identifier: Apache-2.0
"""Rows found for a few targets: refined, filtered, kept while distinct, put in order."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from vi_ik_ros.sampling.warm_start.answering.body_rows import judge_body
from vi_ik_ros.sampling.warm_start.answering.terms import Terms, wrap
from vi_ik_ros.sampling.warm_start.distinct import leaders_by_group
from vi_ik_ros.sampling.warm_start.obstacles import ObstacleExpert
from vi_ik_ros.sampling.warm_start.refine import refine, tip_errors


def row_type(nq: int) -> np.dtype:
    """Return the fields of a row: those of `SampleAnswer`, and its target."""
    names = ("log_prob", "seed_log_prob", "position_error", "orientation_error", "log_weight")
    return np.dtype(
        [
            ("q", np.float64, (nq,)),
            *((name, np.float64) for name in names),
            *((name, np.int64) for name in ("target", "component", "iterations")),
            ("source", np.uint8),
            ("converged", np.bool_),
        ]
    )


class Search:
    """The rows found so far for B targets.

    Attributes:
        found: (B,) number of rows of each target that are fit to be returned; when refined, the
            converged and distinct ones.
        best: (B, 2) position [m] and orientation error [rad] of the row closest to each target, as
            long as none was found for it.
        checked: (B,) number of rows whose distance to the obstacles was measured.
        survived: (B,) number of those that keep the margin.
        draws: Number of draws of the model, those among them that had to be drawn again.
    """

    def __init__(self, terms: Terms, T_root_tip: np.ndarray | None, num_targets: int) -> None:
        """Start with no rows.

        Args:
            terms: What the request asks.
            T_root_tip: (B, 4, 4), (B, F, 4, 4) for the tasks of a whole body, or None where rows
                cannot be judged.
            num_targets: B.
        """
        self._terms, self._T_root_tip = terms, T_root_tip
        self._type = row_type(len(terms.continuous))
        self._kept, self._failed = np.empty(0, self._type), [np.empty(0, self._type)]
        self.found = np.zeros(num_targets, dtype=np.int64)
        self.best = np.full((num_targets, 2), np.inf)
        self.checked, self.survived = np.zeros((2, num_targets), dtype=np.int64)
        self._weights = np.zeros((2, num_targets))  # sums of w and of w^2
        self.draws = np.zeros(2, dtype=np.int64)

    def add(
        self,
        targets: np.ndarray,
        q: np.ndarray,
        source: int,
        density: Callable[[np.ndarray], np.ndarray] | None = None,
        **fields: np.ndarray,
    ) -> None:
        """Take in proposed rows, some for each of some targets.

        Args:
            targets: (b,) indices of the targets, ascending.
            q: (b, m, nq) proposals.
            source: Who made them.
            density: Log density (n,) of rows as `row_type`; where it is given, the likeliest of
                the refined rows are checked and kept first.
            fields: (b, m) arrays, log_prob, seed_log_prob and component where a model made them;
                chance, uniform numbers, where rows near obstacles are thinned out.
        """
        rows = np.empty(q.shape[0] * q.shape[1], self._type)
        rows["target"], rows["source"] = np.repeat(targets, q.shape[1]), source
        rows["q"], rows["log_weight"] = q.reshape(len(rows), -1), 0.0
        for name, default in (("log_prob", np.nan), ("seed_log_prob", np.nan), ("component", 0)):
            rows[name] = np.ravel(fields[name]) if name in fields else default
        self._judge(rows)
        if self._terms.refine:
            rows = rows[rows["iterations"] > 0]  # those the deadline left
        if density is not None:
            rows = rows[np.lexsort((-density(rows), ~rows["converged"], rows["target"]))]
        for part in self._turns(rows):
            self._take(part, fields)

    def _turns(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Yield rows in the order in which they are looked at, all at once where that costs little.

        Collisions are looked for among as many rows as a target still misses, then among the next.
        """
        terms = self._terms
        if (
            terms.collides is None
            or terms.obstacles
            or not terms.refine
            or terms.reference is not None
        ):
            yield rows
            return
        starts = np.searchsorted(rows["target"], np.arange(len(self.found)))
        place = np.arange(len(rows)) - starts[rows["target"]]
        while len(rows):
            missing = terms.num_samples - self.found[rows["target"]]
            now = place < missing
            if not now.any():
                return
            yield rows[now]
            rows, place = rows[~now], (place - missing)[~now]

    def _take(self, rows: np.ndarray, fields: Mapping[str, np.ndarray]) -> None:
        """Filter rows and keep what is new."""
        allowed = self._allowed(rows)
        if "chance" in fields:
            allowed &= np.ravel(fields["chance"]) < np.exp(rows["log_weight"])
        good = rows["converged"] if self._terms.refine else np.ones(len(rows), dtype=bool)
        self._failed.append(rows[allowed & ~good])
        self._keep(rows[allowed & good])
        self._note_best(rows[self.found[rows["target"]] == 0])

    def count_draws(self, num_draws: int, redrawn: int) -> None:
        """Take note of draws of the model, besides those outside the limits that they replace."""
        self.draws += (num_draws + redrawn, redrawn)

    def finish(self) -> np.ndarray:
        """Return the rows of all targets, target after target, at most num_samples each.

        Converged rows come first, by distance to the reference if there is one; then the others,
        by residual.
        """
        kept, failed = self._kept, np.concatenate(self._failed)
        failed = failed[self.found[failed["target"]] < self._terms.num_samples]
        rows = np.concatenate([kept, failed])
        late = np.arange(len(rows)) >= len(kept)
        if self._terms.reference is not None:
            order = np.where(late, self._residual(rows), self._terms.distance(rows["q"]))
        else:
            order = np.where(late, self._residual(rows), 0.0)
        rows = rows[np.lexsort((order, late, rows["target"]))]
        starts = np.searchsorted(rows["target"], np.arange(len(self.found)))
        return rows[np.arange(len(rows)) - starts[rows["target"]] < self._terms.num_samples]

    @property
    def ess(self) -> np.ndarray:
        """Return the effective number (B,) of the checked rows under their weights."""
        total, squares = self._weights
        return total**2 / np.maximum(squares, np.finfo(float).tiny)

    def _judge(self, rows: np.ndarray) -> None:
        """Refine rows in place, or only measure them."""
        terms, chain = self._terms, self._terms.chain
        rows["iterations"], rows["converged"] = 0, False
        if self._T_root_tip is None or (chain is None and terms.body is None):
            rows["position_error"] = rows["orientation_error"] = np.nan
            return
        one = len(self._T_root_tip) == 1
        goals = self._T_root_tip if one else self._T_root_tip[rows["target"]]
        if chain is None:
            assert terms.body is not None
            judge_body(terms, terms.body, goals, rows)
            return
        q = terms.toward_reference(rows["q"])[:, chain.columns]
        if not terms.refine:
            position, orientation = tip_errors(chain, goals, q, position_only=terms.position_only)
            rows["position_error"], rows["orientation_error"] = position, orientation
            fine = terms.position_only | (orientation < terms.tolerance.orientation)
            rows["converged"] = (position < terms.tolerance.position) & fine
            return
        result = refine(
            chain,
            goals,
            q,
            tolerance=terms.tolerance,
            position_only=terms.position_only,
            num_threads=terms.num_threads,
            deadline=terms.deadline,
        )
        turning = terms.continuous[chain.columns]
        rows["q"][:, chain.columns] = np.where(turning, wrap(result.q), result.q)
        for name in ("position_error", "orientation_error", "iterations", "converged"):
            rows[name] = getattr(result, name)

    def _allowed(self, rows: np.ndarray) -> np.ndarray:
        """Tell which rows are near enough to the reference and touch nothing."""
        q = rows["q"]
        allowed = np.ones(len(q), dtype=bool)
        if self._terms.reference is not None and np.isfinite(self._terms.max_distance):
            allowed = self._terms.distance(q) <= self._terms.max_distance + 1e-9
        if self._terms.collides is not None and allowed.any():
            allowed[allowed] = ~self._terms.collides(q[allowed])
        if self._terms.obstacles is not None and allowed.any():
            self._weigh(rows, allowed, self._terms.obstacles)
        return allowed

    def _weigh(self, rows: np.ndarray, allowed: np.ndarray, obstacles: ObstacleExpert) -> None:
        """Weigh the allowed rows by the obstacles, and allow those of them that keep the margin."""
        targets = rows["target"][allowed]
        log_weight = obstacles.log_weight(rows["q"][allowed])
        rows["log_weight"][allowed], allowed[allowed] = log_weight, log_weight > -np.inf
        weight, count = np.exp(log_weight), len(self.checked)
        self.checked += np.bincount(targets, minlength=count)
        self.survived += np.bincount(targets[log_weight > -np.inf], minlength=count)
        for total, power in zip(self._weights, (weight, weight**2), strict=True):
            total += np.bincount(targets, power, minlength=count)

    def _keep(self, rows: np.ndarray) -> None:
        """Keep the rows that differ from those kept before."""
        if not len(rows):
            return
        terms = self._terms
        rows = np.concatenate([self._kept, rows])
        rows = rows[np.argsort(rows["target"], kind="stable")]
        most = terms.num_samples if terms.reference is None else len(rows)
        radius = terms.distinct_tolerance if terms.refine else 0.0
        leads = leaders_by_group(rows["q"], rows["target"], radius, terms.continuous, most)
        self._kept = rows[leads]
        self.found = np.bincount(self._kept["target"], minlength=len(self.found))

    def _note_best(self, rows: np.ndarray) -> None:
        """Remember the smallest residual of each target, for its message."""
        if not len(rows) or self._T_root_tip is None:
            return
        order = np.lexsort((self._residual(rows), rows["target"]))
        targets, first = np.unique(rows["target"][order], return_index=True)
        closest = rows[order[first]]
        errors = np.stack([closest["position_error"], closest["orientation_error"]], axis=1)
        better = self._size(errors) < self._size(self.best[targets])
        self.best[targets[better]] = errors[better]

    def _residual(self, rows: np.ndarray) -> np.ndarray:
        """Return one number (N,) that says how far rows are from their target."""
        return self._size(np.stack([rows["position_error"], rows["orientation_error"]], axis=1))

    @staticmethod
    def _size(errors: np.ndarray) -> np.ndarray:
        """Weigh position [m] and orientation errors [rad] (N, 2) as the refiner does about."""
        return np.hypot(errors[:, 0], 0.3 * np.nan_to_num(errors[:, 1], posinf=np.inf))
