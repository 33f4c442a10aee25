# SPDX-License-Identifier: Apache-2.0
"""What a training beside it costs the answers of a sampler."""

from collections.abc import Callable, Mapping

import numpy as np

from vi_ik_ros.benchmarks.hot_reload.cell import Cell
from vi_ik_ros.benchmarks.hot_reload.request_stream import Sent, percentile, stream
from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.nodes.training.objective_messages import objectives_to_msg
from vi_ik_ros.nodes.training.trainer_client import FINAL
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

MODEL = "panda_pose"  # that is asked for, and not trained meanwhile
NUM_SAMPLES = 64
MOST = 3.0  # times the idle p99


def latency_rows(
    cell: Cell,
    trainings: Mapping[str, tuple[str, Mapping]],
    *,
    num_requests: int,
    poses: np.ndarray,
) -> list[Row]:
    """Time requests at 100 Hz, alone and beside each training.

    Args:
        cell: what trains and answers.
        trainings: name to family and objectives.
        num_requests: of each part.
        poses: (n, 7) targets, taken in turn.
    """

    def request(index: int) -> SampleRequest:
        pose = poses[index % len(poses)]
        return SampleRequest(targets=pose[None], num_samples=NUM_SAMPLES, seed=index + 1)

    def send(count: int) -> list[Sent]:
        return stream(cell.samplers[0], request, lambda sent: sent < count, model=MODEL)

    send(100)  # warm
    alone = send(num_requests)
    p99 = percentile(alone, 99)
    rows = _rows("alone", alone)
    for name, (family, document) in trainings.items():
        beside = _beside(cell, family, document, lambda: send(num_requests))
        rows += _rows(f"beside {name}", beside)
        value, error = percentile(beside, 99)
        ratio = value / p99[0]
        stderr = ratio * float(np.hypot(error / value, p99[1] / p99[0]))
        words = (f"beside {name}", "p99 over that alone", ratio, stderr)
        rows.append(Row(*words, MOST, "required at most"))
    return rows


def _beside(
    cell: Cell, family: str, document: Mapping, send: Callable[[], list[Sent]]
) -> list[Sent]:
    """Send requests while a training is going on, and cancel it."""
    message = objectives_to_msg(document, model="beside", family=family, time_limit=600.0)
    cell.trainer.publish(message)
    for status in cell.trainer.follow(message):
        if status.state in FINAL:
            raise NoAnswer(f"the training ended too early: {status.message}")
        if status.state == status.TRAINING and status.step > 0:
            break
    sent = send()
    cell.trainer.cancel()
    for _ in cell.trainer.follow(message):
        pass
    return sent


def _rows(case: str, sent: list[Sent]) -> list[Row]:
    failed = sum(one.answer is None for one in sent)
    rows = [Row(case, f"p{percent} [ms]", *percentile(sent, percent)) for percent in (50, 99)]
    return [*rows, Row(case, "failed", failed, None, 0, "required")]
