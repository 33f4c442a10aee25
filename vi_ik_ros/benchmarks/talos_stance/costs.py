# SPDX-License-Identifier: Apache-2.0
"""What an update of the natural-gradient fit costs: time by its size, and memory."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from vi_ik_ros.benchmarks.report import Row
from vi_ik_ros.benchmarks.talos_stance.stance import Stance
from vi_ik_ros.sampling.inference import natural_gradient
from vi_ik_ros.sampling.inference.components.gaussian_components import GaussianComponents
from vi_ik_ros.sampling.inference.natural_gradient import NaturalGradientSettings
from vi_ik_ros.sampling.training.runs.starting_components import starting_components

SIZES = (100, 200)  # effective draws of each component
WARM_UP, MEASURED = 2, 5  # updates
LARGE = 100  # components whose memory is measured
MOST_MEMORY = 2000.0  # [MB]


def cost_rows(stance: Stance, components: GaussianComponents, sizes: Sequence[int]) -> list[Row]:
    """Return the time of an update at two sizes, and how it grows with the evaluations."""
    case, rows, costs = f"cost K={len(components.loc)}", [], []
    for size in sizes:
        seconds, evaluations = update_times(stance, components, size)
        costs.append(float((seconds / evaluations).min()))  # the least disturbed one
        words = f"update with {evaluations.mean():.0f} target evaluations [s]"
        error = float(seconds.std(ddof=1) / len(seconds) ** 0.5)
        rows.append(Row(case, words, float(seconds.mean()), error))
    metric = "time per evaluation, twice as many over once"
    rows.append(Row(case, metric, costs[1] / costs[0], None, 1.0, "required at most"))
    return rows


def update_times(
    stance: Stance, components: GaussianComponents, num_samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return times [s] and target evaluations of some updates."""
    generator = torch.Generator().manual_seed(0)
    # Without the draws of earlier updates, so that an update costs what its size says.
    settings = NaturalGradientSettings(num_samples=num_samples, generations=1)
    state, seconds, evaluations = natural_gradient.init(components), [], []
    for _ in range(WARM_UP + MEASURED):
        begin = time.process_time()
        state, info = natural_gradient.step(
            state, stance.product, settings=settings, generator=generator
        )
        seconds.append(time.process_time() - begin)
        evaluations.append(info.num_draws)
    return np.array(seconds[WARM_UP:]), np.array(evaluations[WARM_UP:])


def memory_row(num_components: int) -> Row:
    """Return the peak memory of a process that does nothing but such a fit."""
    code = f"from {__name__} import peak_memory; print(peak_memory({num_components}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    peak = float(done.stdout.split()[-1])
    metric = "peak memory of the process, D=34 [MB]"
    return Row(f"cost K={num_components}", metric, peak, None, MOST_MEMORY, "required at most")


def peak_memory(num_components: int) -> float:
    """Start a fit; return the most memory that this process has held [MB]."""
    torch.set_num_threads(1)
    stance, generator = Stance(), torch.Generator().manual_seed(0)
    components = starting_components(stance.product, num_components, generator)
    state, settings = natural_gradient.init(components), NaturalGradientSettings()
    for _ in range(WARM_UP + MEASURED):
        state, _ = natural_gradient.step(
            state, stance.product, settings=settings, generator=generator
        )
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return float(peak.split()[1]) / 1e3
