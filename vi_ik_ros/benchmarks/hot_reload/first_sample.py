# SPDX-License-Identifier: Apache-2.0
"""From publishing objectives to the first sample of their model, and how good that model is.

The file `panda_position.yaml` leaves its point to a context; the bar, a Bhattacharyya coefficient
of 0.225 with ten components, is one of a model for a single point. So the file is trained as it is,
for all points, and with its point filled in, and the target of `panda-position` is trained as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vi_ik_ros.benchmarks.hot_reload.cell import Cell, Trained
from vi_ik_ros.benchmarks.panda_position import POINT, fingertip_target
from vi_ik_ros.benchmarks.point_target import PointTarget
from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.documents.fill_context import fill_context
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.experts.yaml_document import read_yaml
from vi_ik_ros.sampling.inference.divergences import one_sided_divergences
from vi_ik_ros.sampling.inference.estimates.importance_weights import Estimate
from vi_ik_ros.sampling.models.model import ConditionalModel
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

FILE = "panda_position.yaml"
NUM_COMPONENTS = 10
LEAST_BC, MOST_SECONDS = 0.225, 60.0
NUM_CONTEXTS = 4  # points at which the model of all points is judged
NUM_WEIGHTS, NUM_DRAWS = 4_000_000, 50_000


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        name: words of the report.
        model: name of the model.
        family: model family.
        document: the objectives.
        time_limit: of the training [s].
        target: what the model is judged by, at a context (3,) or without one.
    """

    name: str
    model: str
    family: str
    document: Mapping
    time_limit: float
    target: Callable[[np.ndarray], PointTarget]


def cases(time_limit: float) -> list[Case]:
    """Return what is trained."""
    file = read_yaml(share_dir() / "config" / "objectives" / FILE)

    def at(point: np.ndarray) -> PointTarget:
        objectives = load_objectives(fill_context(file, point.tolist()))
        x, y, z = point.tolist()
        std = float(file["objectives"][0]["density"]["std"])
        return PointTarget(objectives, file["objectives"][0]["name"], (x, y, z), std)

    point = np.array(POINT)
    filled, bench = at(point), fingertip_target()
    found = [Case(f"{FILE} amortized", "all_points", "amortized", file, time_limit, at)]
    for name, target in ((f"{FILE} at {POINT}", filled), ("panda-position", bench)):
        for family in ("gaussian", "banana"):
            document = dict(target.objectives.document)
            model = f"{'file' if target is filled else 'bench'}_{family}"
            judge = _always(target)
            found.append(Case(f"{name} {family}", model, family, document, time_limit, judge))
    return found


def first_sample_rows(cell: Cell, case: Case, *, share: int) -> list[Row]:
    """Train a case, and judge the model that the store got.

    Args:
        cell: what trains and answers.
        case: what is trained.
        share: of the draws that judge it, one in so many.
    """
    is_conditional = bool(case.document["context"])
    request = SampleRequest(num_samples=1, seed=1)
    if is_conditional:
        targets = np.array([[*POINT, 0.0, 0.0, 0.0, 1.0]])
        request = SampleRequest(targets=targets, num_samples=1, seed=1)
    trained = cell.train(
        case.document,
        case.model,
        request,
        family=case.family,
        num_components=NUM_COMPONENTS,
        time_limit=case.time_limit,
    )
    model = cell.store.load(case.model).model
    rng = np.random.default_rng(0)
    points = _reachable(case, rng) if is_conditional else [np.empty(0)]
    found = [affinity(case.target(y), model, y, rng, share) for y in points]
    value = float(np.mean([one.value for one in found]))
    spread = np.std([one.value for one in found]) / np.sqrt(len(found))
    stderr = float(np.hypot(spread, np.mean([one.stderr for one in found])))
    name, times = f"{case.name} K={NUM_COMPONENTS}", _times(trained)
    rows = [Row(name, metric, value, None, most, source) for metric, value, most, source in times]
    return [*rows, Row(name, "BC", value, stderr, LEAST_BC, "required at least")]


def affinity(
    target: PointTarget,
    model: ConditionalModel,
    context: np.ndarray,
    rng: np.random.Generator,
    share: int,
) -> Estimate:
    """Return the Bhattacharyya coefficient of a model and a target, from draws of the model.

    Args:
        target: p, not normalised.
        model: q.
        context: (dc,) what q is conditioned on; empty for a model without a context.
        rng: of all draws.
        share: one in so many draws.
    """
    log_normalizer = target.weights(NUM_WEIGHTS // share, rng).log_normalizer
    draws = model.sample(context[None], NUM_DRAWS // share, [rng])
    log_p = target.log_density(draws.q[0].astype(np.float64))
    return one_sided_divergences(log_p, draws.log_prob[0], log_normalizer).bhattacharyya


def _times(trained: Trained) -> list[tuple[str, float, float | None, str | None]]:
    limit = (MOST_SECONDS, "required at most")
    return [
        ("publish to first sample [s]", trained.seconds, *limit),
        ("of that after it was stored [s]", trained.seconds - trained.stored, None, None),
    ]


def _reachable(case: Case, rng: np.random.Generator) -> list[np.ndarray]:
    """Return points that random configurations of the robot reach."""
    target = case.target(np.array(POINT))
    robot = target.objectives.robot
    return list(target.positions(rng.uniform(robot.lower, robot.upper, (NUM_CONTEXTS, robot.nq))))


def _always(target: PointTarget) -> Callable[[np.ndarray], PointTarget]:
    return lambda context: target
