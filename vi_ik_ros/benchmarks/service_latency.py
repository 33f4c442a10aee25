# SPDX-License-Identifier: Apache-2.0
"""How long a sampler node takes to answer over ROS 2: client and server in two processes.

Every request asks for another reachable pose of the Panda with another seed; the time runs from
the filled request to numpy arrays of the answer, so both conversions and the transport count.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vi_ik_ros.benchmarks.report import Report, Row
from vi_ik_ros.kinematics.pose import matrix_to_pose
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.processes.private_sampler import PrivateSampler
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.sampling.warm_start.solver import SampleRequest

NAME = "service-latency"
MODEL = "panda_pose"
REQUIRED = "required at most"
WARM_UP = 5  # requests of each case before the clock counts
DISTINCT_TOLERANCE = 0.2  # [rad]


@dataclass(frozen=True)
class Case:
    """One kind of request.

    Attributes:
        num_samples: of each request.
        refine: whether they are refined.
        repeats: requests that are timed.
        p50, p99: required at most [ms], or None.
    """

    num_samples: int
    refine: bool
    repeats: int
    p50: float | None = None
    p99: float | None = None

    @property
    def name(self) -> str:
        """Return the words of the report."""
        return f"{self.num_samples} {'refined' if self.refine else 'raw'}"


CASES = (
    Case(1, False, 500),
    Case(64, False, 500, p50=3.0),
    Case(32, True, 500, p50=5.0, p99=20.0),
    Case(1_000, False, 300, p50=15.0),
    Case(10_000, False, 40),
    Case(100_000, False, 8),
)


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Time every case.

    Args:
        seeds: rounds over all cases, each with its own targets.
        quick: a tenth of the repeats.
        budget: not used; nothing is trained here.
        on_progress: called with a line about what comes next.
    """
    del budget  # Nothing is trained here.
    started = time.monotonic()
    rng = np.random.default_rng(1)
    with PrivateSampler({"default_model": MODEL, "publish_markers": False}) as sampler:
        rows = []
        medians: dict[int, float] = {}
        for case in CASES:
            on_progress(f"{case.name} ...")
            repeats = seeds * max(3, case.repeats // (10 if quick else 1))
            seconds = time_requests(sampler.client, case, repeats, rng)
            rows += _rows(case, 1e3 * seconds, rng)
            if not case.refine:
                medians[case.num_samples] = float(np.median(seconds))
        resident, highest = memory(sampler.pid)
        rows += [Row("ours", "resident memory [MB]", resident, None, 600.0, REQUIRED)]
        rows += [Row("ours", "highest resident memory [MB]", highest)]
        rows += [Row("ours", "time until ready [s]", sampler.startup)]
        rows += [_growth(medians, 1_000, 10_000), _growth(medians, 10_000, 100_000)]
    seconds_in_all = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds_in_all)


def time_requests(
    client: SamplerClient, case: Case, repeats: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the round-trip time of each request [s], (repeats,)."""
    robot = RobotModel.load("panda")
    q = rng.uniform(robot.lower, robot.upper, (repeats + WARM_UP, robot.nq))
    seconds = []
    for index, pose in enumerate(matrix_to_pose(robot.forward(q))):
        request = SampleRequest(
            targets=pose[None],
            num_samples=case.num_samples,
            seed=index + 1,
            refine=case.refine,
            distinct_tolerance=DISTINCT_TOLERANCE,
        )
        started = time.perf_counter()
        client.sample(request)
        seconds.append(time.perf_counter() - started)
    return np.array(seconds[WARM_UP:])


def memory(pid: int) -> tuple[float, float]:
    """Return resident memory of a process now and at its highest [MB]; NaN where /proc is not."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return float("nan"), float("nan")
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    now, highest = (float(fields[key].split()[0]) / 1024.0 for key in ("VmRSS", "VmHWM"))
    return now, highest


def _rows(case: Case, milliseconds: np.ndarray, rng: np.random.Generator) -> list[Row]:
    """Return p50 and p99 with bootstrapped standard errors."""
    rows = []
    draws = rng.choice(milliseconds, (200, len(milliseconds)))
    for percent, required in ((50, case.p50), (99, case.p99)):
        value = float(np.percentile(milliseconds, percent))
        error = float(np.percentile(draws, percent, axis=1).std())
        source = REQUIRED if required is not None else None
        rows.append(Row(case.name, f"p{percent} [ms]", value, error, required, source))
    return rows


def _growth(medians: dict[int, float], small: int, large: int) -> Row:
    """Return how the time grows with n: 1 is linear."""
    exponent = np.log(medians[large] / medians[small]) / np.log(large / small)
    return Row(
        f"{small} to {large} raw", "exponent of p50 in n", float(exponent), None, 1.0, "linear"
    )
