# SPDX-License-Identifier: Apache-2.0
"""What a training beside it costs the answers of a sampler."""

from collections.abc import Callable, Mapping
from functools import partial

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
RATES = {20.0: 600, 100.0: 2000}  # [Hz]: requests of each part
MANY = 100  # components, so that no training ends before its requests do
WARM_UP = 100  # requests before the clock counts
MOST = 3.0  # times the p99 without a training


def latency_rows(
    cell: Cell, trainings: Mapping[str, tuple[str, Mapping]], *, share: int, poses: np.ndarray
) -> list[Row]:
    """Time requests at each rate, alone and beside each training.

    At 100 Hz the sampler is busy for half of the time: what slows it down a little makes requests
    wait behind each other, and each is charged for that.

    Args:
        cell: what trains and answers.
        trainings: name to family and objectives.
        share: of the requests that are sent, one in so many.
        poses: (n, 7) targets, taken in turn.
    """

    def request(index: int) -> SampleRequest:
        pose = poses[index % len(poses)]
        return SampleRequest(targets=pose[None], num_samples=NUM_SAMPLES, seed=index + 1)

    def send(rate: float, count: int) -> list[Sent]:
        go_on = count.__gt__
        return stream(cell.samplers[0], request, go_on, model=MODEL, rate=rate)

    send(100.0, WARM_UP)
    rows = []
    for rate, count in RATES.items():
        number, at = count // share, f"at {rate:.0f} Hz"
        alone = send(rate, number)
        rows += _rows(f"alone {at}", alone)
        for name, (family, document) in trainings.items():
            case = f"beside {name} {at}"
            beside = _beside(cell, family, document, partial(send, rate, number))
            rows += [*_rows(case, beside), _ratio(case, beside, alone)]
    return rows


def _ratio(case: str, beside: list[Sent], alone: list[Sent]) -> Row:
    """Compare the 99th percentiles."""
    (value, error), (base, base_error) = percentile(beside, 99), percentile(alone, 99)
    ratio = value / base
    stderr = ratio * float(np.hypot(error / value, base_error / base))
    return Row(case, "p99 over that alone", ratio, stderr, MOST, "required at most")


def _beside(
    cell: Cell, family: str, document: Mapping, send: Callable[[], list[Sent]]
) -> list[Sent]:
    """Send requests while a training is going on, and cancel it."""
    long = {"num_components": MANY, "time_limit": 600.0}
    message = objectives_to_msg(document, model="beside", family=family, **long)  # type: ignore[arg-type]
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
