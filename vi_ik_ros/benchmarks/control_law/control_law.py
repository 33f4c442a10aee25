# SPDX-License-Identifier: Apache-2.0
"""The hybrid controller on an ideal spring behind a pure delay, beside what its equations predict.

Where it becomes unstable, what it makes of the sensor's noise, how fast it settles, and how far
axes that it holds drift in ten minutes, beside a controller that holds measured poses. Rows of the
simulated plants tell how far their stability limits are from the formula; they have no goal.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from vi_ik_ros.benchmarks.control_law.ideal_spring import SpringPlant
from vi_ik_ros.benchmarks.control_law.pressing import (
    FORCE,
    POSITION_NOISE,
    MakeController,
    MeasuredPoseHold,
    Pressing,
)
from vi_ik_ros.benchmarks.control_law.stability_limit import grows, least_unstable, swings
from vi_ik_ros.benchmarks.report import Report, Row, mean_row
from vi_ik_ros.skills.execution.control.controller import HybridForceVelocityController
from vi_ik_ros.skills.execution.control.stability import (
    critical_loop_gain,
    max_gain,
    noise_gain,
)
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.scene import Scene, load_scene

NAME = "control-law"
DELAYS, QUICK_DELAYS = (0, 1, 2, 3), (0, 1)  # [control periods]
PLANT_DELAYS, QUICK_PLANT_DELAYS = (0, 1, 2), (1,)
NUM_TICKS, QUICK_TICKS = 30_000, 1_500  # 10 minutes, 30 s at 50 Hz
BLOCKS = 10  # that standard errors come from
ABOVE = 1e-4  # [m], where the simulated plants begin, over the plate
WITHIN = "L_c, required within 10 %"
OTHER = "holds measured poses"
PLANTS = {"AnalyticPlant": AnalyticPlant, "MujocoPlant": MujocoPlant}


def run(
    *,
    seeds: int = 1,
    quick: bool = False,
    budget: float | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> Report:
    """Press on springs and plants.

    Args:
        seeds: rounds of noise.
        quick: two delays, 30 seconds of noise.
        budget: of no use here.
        on_progress: called with a line now and then.
    """
    started = time.monotonic()
    scene = load_scene("screw_slot")
    num_ticks = QUICK_TICKS if quick else NUM_TICKS
    rows = []
    for delay_ticks in QUICK_DELAYS if quick else DELAYS:
        on_progress(f"spring, delay of {delay_ticks} control periods ...")
        rows += spring_rows(scene, delay_ticks, num_ticks, seeds)
    other = partial(MeasuredPoseHold, start=np.array(scene.start[:3]))
    for case, controller in (("ours", HybridForceVelocityController), (OTHER, other)):
        on_progress(f"drift, {case} ...")
        rows += drift_rows(case, controller, scene, num_ticks, seeds)
    for name in PLANTS:
        for delay_ticks in QUICK_PLANT_DELAYS if quick else PLANT_DELAYS:
            on_progress(f"{name}, delay of {delay_ticks} control periods ...")
            rows.append(plant_row(name, scene, delay_ticks))
    seconds = time.monotonic() - started
    return Report(bench=NAME, rows=rows, seeds=list(range(seeds)), seconds=seconds)


def spring_rows(scene: Scene, delay_ticks: int, num_ticks: int, seeds: int) -> list[Row]:
    """Return what one delay does on the ideal spring."""
    stiffness = scene.tool.stiffness[2]
    critical = critical_loop_gain(delay_ticks)
    quiet = SpringPlant(scene, delay_ticks, noisy=False)
    per_gain = stiffness * quiet.control_period  # loop gain per K_P
    limit = per_gain * least_unstable(lambda gain: grows(Pressing(quiet, gain)), 1.3 / per_gain)
    after = f", delay {delay_ticks}"
    rows = [Row("ours", f"stability limit{after} [loop gain]", limit, None, critical, WITHIN)]
    error = np.fromiter(Pressing(quiet, 0.5 * critical / per_gain).forces(300), float) - FORCE
    unsettled = np.flatnonzero(np.abs(error) > 0.02 * FORCE)
    settled = 1 + (1 + int(unsettled[-1]) if len(unsettled) else 0)
    rows.append(Row("ours", f"settling to 2 % at L_c / 2{after} [control periods]", settled))
    for share in (0.25, 0.5, 0.75):
        loop_gain = share * critical
        values = measured_noise_gains(scene, delay_ticks, loop_gain / per_gain, num_ticks, seeds)
        row = mean_row("ours", f"noise gain at {share:g} L_c{after}", values)
        exact = noise_gain(loop_gain, delay_ticks)
        rows.append(replace(row, reference=exact, reference_source="exact"))
    return rows


def measured_noise_gains(
    scene: Scene, delay_ticks: int, gain: float, num_ticks: int, seeds: int
) -> np.ndarray:
    """Return (BLOCKS * seeds,) deviations of the true force over that of the sensor."""
    plant = SpringPlant(scene, delay_ticks, noisy=True)
    loop, spring, found = Pressing(plant, gain), plant.spring, []
    for seed in range(seeds):
        forces = [spring.force for _ in loop.forces(num_ticks + 100, seed=seed)][100:]
        blocks = np.array(forces).reshape(BLOCKS, -1)
        found += np.sqrt(((blocks - FORCE) ** 2).mean(axis=1)).tolist()
    return np.array(found) / plant.scene.force_torque.force_noise


def drift_rows(
    case: str,
    controller: MakeController,
    scene: Scene,
    num_ticks: int,
    seeds: int,
) -> list[Row]:
    """Return how far the axes that are held go while force is regulated under noise."""
    plant = SpringPlant(scene, 1, noisy=True)
    spring = plant.spring
    gain = 0.5 * max_gain(spring.stiffness, 1, plant.control_period)
    loop = Pressing(plant, gain, controller=controller)
    drift = turn = 0.0
    for seed in range(seeds):
        for _ in loop.forces(num_ticks, seed=seed, pose_noise=POSITION_NOISE):
            drift = max(drift, float(np.abs(spring.displacement[:2]).max()))
            turn = max(turn, float(np.abs(spring.rotation - np.eye(3)).max()))
    during = f"in {num_ticks * plant.control_period / 60.0:g} minutes"
    if case != "ours":  # it leaves turns alone
        return [Row(case, f"farthest drift of held axes {during} [m]", drift)]
    return [
        Row(case, f"farthest drift of held axes {during} [m]", drift, None, 0.0, "required"),
        Row(case, f"farthest turn of held axes {during} [rad]", turn, None, 0.0, "required"),
    ]


def just_above_plate(scene: Scene, delay_ticks: int) -> Scene:
    """Return a scene in which nothing is uncertain or noisy, and the tool is all but down."""
    x, y, _, qx, qy, qz, qw = scene.start
    z = scene.plate.pose[2] + ABOVE
    return replace(
        scene,
        uncertainty=replace(scene.uncertainty, x=0.0, y_std=0.0, z_std=0.0, yaw_std=0.0),
        force_torque=replace(scene.force_torque, force_noise=0.0, torque_noise=0.0),
        start=(x, y, z, qx, qy, qz, qw),
        delay_ticks=delay_ticks,
    )


def plant_row(name: str, scene: Scene, delay_ticks: int) -> Row:
    """Return the least unstable force gain of a simulated plant on its flat plate."""
    plant = PLANTS[name](just_above_plate(scene, delay_ticks))
    formula = max_gain(scene.tool.stiffness[2], delay_ticks, plant.control_period)
    cutoff = WrenchSettings().fast_cutoff

    def is_unstable(gain: float) -> bool:
        return swings(Pressing(plant, gain, cutoff=cutoff), scene.control_rate)

    limit = least_unstable(is_unstable, formula)
    metric = f"least unstable K_P, delay {delay_ticks} [m/(N s)]"
    return Row(name, metric, limit, None, formula, "L_c / (k h), no goal")
