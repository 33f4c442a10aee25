# SPDX-License-Identifier: Apache-2.0
"""Requests at 100 Hz while the model they ask for is exchanged again and again."""

import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vi_ik_ros.benchmarks.hot_reload.cell import Cell, first_answer
from vi_ik_ros.benchmarks.hot_reload.request_stream import Sent, stream
from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.sampling.served_models import serve
from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

MODEL = "exchanged"
LEAST_REQUESTS = 1000
NUM_SAMPLES = 16
SETTINGS: dict[str, Any] = {
    "family": "amortized",
    "num_components": 4,
    "width": 64,
    "num_blocks": 1,
    "steps": 60,
}
LONGEST = 120.0  # [s], for the trainer to say a word
REQUIRED = "required"


class Exchanges:
    """Trains one model after the other under the same name, beside whoever asks for it.

    Attributes:
        digests: of the models, in the order in which they were stored.
    """

    def __init__(self, cell: Cell, document: Mapping, copies: Path, num_reloads: int) -> None:
        """Train the first one.

        Args:
            cell: what trains.
            document: the objectives.
            copies: where each stored model is copied to, by its digest.
            num_reloads: how many follow.
        """
        self._cell, self._document, self._copies = cell, document, copies
        self._num_reloads = num_reloads
        self.digests: list[str] = []
        self._failure: Exception | None = None
        targets = np.array([[0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0]])
        request = SampleRequest(targets=targets, num_samples=1, seed=1)
        self._keep(cell.train(document, MODEL, request, seed=1, **SETTINGS).digest)
        for client in cell.samplers:
            first_answer(client, MODEL, request, self.digests[0])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Tell whether all models are stored.

        Raises:
            NoAnswer: a training failed.
        """
        if self._failure is not None:
            raise self._failure
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for seed in range(2, 2 + self._num_reloads):
                message = objectives_to_msg(
                    self._document, model=MODEL, force=True, seed=seed, **SETTINGS
                )
                self._cell.trainer.publish(message)
                *_, last = self._cell.trainer.follow(message, patience=LONGEST)
                if last.state != last.DONE:
                    raise NoAnswer(f"{MODEL} was not trained: {last.message}")
                self._keep(last.digest)
        except Exception as error:
            self._failure = error

    def _keep(self, digest: str) -> None:
        """Copy the stored model, which the next one will replace."""
        shutil.copytree(self._cell.store.root / MODEL, self._copies / digest / MODEL)
        self.digests.append(digest)


def reload_rows(
    cell: Cell, document: Mapping, copies: Path, *, num_reloads: int, poses: np.ndarray
) -> list[Row]:
    """Exchange a model while it is asked for, and look at every answer.

    Args:
        cell: trainer and at least two samplers.
        document: objectives with a pose or position context.
        copies: an empty directory.
        num_reloads: how often the model is exchanged.
        poses: (n, 7) targets, taken in turn.
    """
    exchanges = Exchanges(cell, document, copies, num_reloads)
    settled: list[int] = []

    def request(index: int) -> SampleRequest:
        pose = poses[index % len(poses)]
        return SampleRequest(targets=pose[None], num_samples=NUM_SAMPLES, seed=index + 1)

    def go_on(count: int) -> bool:
        if exchanges.done and not settled:
            settled.append(count)
        return not (settled and count >= max(LEAST_REQUESTS, settled[0] + 200))

    sent = stream(cell.samplers[0], request, go_on, model=MODEL)
    served = [_served(client, request(0), exchanges.digests[-1]) for client in cell.samplers[1:]]
    return _rows(sent, exchanges.digests, copies, served)


def _served(client: object, request: SampleRequest, digest: str) -> bool:
    """Tell whether another sampler serves the last model, too."""
    try:
        first_answer(client, MODEL, request, digest)  # type: ignore[arg-type]
    except NoAnswer:
        return False
    return True


def _rows(
    sent: Sequence[Sent], digests: Sequence[str], copies: Path, served: Sequence[bool]
) -> list[Row]:
    """Count what should not have happened."""
    named = [one.answer.model_digest for one in sent if one.answer is not None]
    order = [digests.index(digest) if digest in digests else -1 for digest in named]
    torn = sum(index < 0 for index in order) + num_different(sent, copies)
    backwards = sum(b < a for a, b in zip(order, order[1:], strict=False))
    longest = 1e3 * max(one.latency for one in sent)
    case = f"{len(digests) - 1} reloads"
    return [
        Row(case, "requests at 100 Hz", len(sent), None, LEAST_REQUESTS, "required at least"),
        Row(case, "models that answered", len(set(order)), None, len(digests), REQUIRED),
        Row(case, "failed", len(sent) - len(named), None, 0, REQUIRED),
        Row(case, "not what the model of their digest draws", torn, None, 0, REQUIRED),
        Row(case, "of an older model than the answer before", backwards, None, 0, REQUIRED),
        Row(case, "other samplers on the last model", sum(served), None, len(served), REQUIRED),
        Row(case, "longest answer [ms]", longest),
    ]


def num_different(sent: Sequence[Sent], copies: Path) -> int:
    """Count answers that differ from what a solver draws from a copy of the model they name."""
    solvers, different = {}, 0
    for one in sent:
        if one.answer is None or not (copies / one.answer.model_digest).is_dir():
            continue
        digest = one.answer.model_digest
        if digest not in solvers:
            store = ModelStore(copies / digest, shipped=copies / "none")
            solvers[digest] = serve(store.load(MODEL)).solver
        again = solvers[digest].solve(one.request)
        different += not np.array_equal(again.positions, one.answer.positions)
    return different


def reachable_poses(num_poses: int, rng: np.random.Generator) -> np.ndarray:
    """Return flange poses (n, 7) of random configurations of the Panda."""
    from vi_ik_ros.kinematics.pose import matrix_to_pose

    robot = RobotModel.load("panda")
    q = rng.uniform(robot.lower, robot.upper, (num_poses, robot.nq))
    return matrix_to_pose(robot.forward(q))
