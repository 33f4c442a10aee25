# SPDX-License-Identifier: Apache-2.0
"""The largest force gain that works, with time in the hands of the caller and of a node."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from vi_ik_ros.benchmarks.control_law.control_law import just_above_plate
from vi_ik_ros.benchmarks.control_law.pressing import Pressing
from vi_ik_ros.benchmarks.control_law.stability_limit import least_unstable, swings
from vi_ik_ros.benchmarks.control_loop.real_time import SKILL
from vi_ik_ros.exceptions import NoAnswer
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import run_episode
from vi_ik_ros.skills.execution.wrench.wrench_settings import WrenchSettings
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.mujoco import MujocoPlant
from vi_ik_ros.skills.plants.plant import Plant, Twist
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import Scene

SPAN = 1.5  # factor around a guess in which limits are looked for
MOST_TRIES = 5  # of a probe that is broken off


@dataclass
class GainLimits:
    """Looks for limits on one plant.

    Attributes:
        plant: a simulation, behind a safety gate.
        scene: of the skill, with the delay that the simulation is to have.
        broken_off: faults that say nothing about gains, by kind; such probes were repeated.
    """

    plant: Plant
    scene: Scene
    broken_off: Counter[str] = field(default_factory=Counter)

    @classmethod
    def in_lock_step(cls, scene: Scene) -> Self:
        """Return the same for MuJoCo in this process."""
        return cls(SafetyGate(MujocoPlant(scene), Limits.of(scene)), scene)

    def pressing(self, guess: float, halvings: int) -> float:
        """Return the least gain with which a tool that presses on the plate swings on.

        Args:
            guess: where it is looked for, up to a factor.
            halvings: of that range.

        Returns:
            NaN if it is not there, or if every try is broken off.
        """
        self.plant.reset(0, just_above_plate(self.scene, self.scene.delay_ticks))
        self.plant.stop()

        def is_unstable(gain: float) -> bool:
            return self._tried(lambda: self._swings(gain))

        return _found(is_unstable, guess, halvings)

    def episode(self, seed: int, guess: float, halvings: int) -> float:
        """Return the least gain with which the episode of a seed fails; see `pressing`."""

        def fails(gain: float) -> bool:
            return self._tried(lambda: self._fails(gain, seed))

        return _found(fails, guess, halvings)

    def _tried(self, probe: Callable[[], bool | None]) -> bool:
        """Try until it is not broken off.

        Raises:
            NoAnswer: it always is.
        """
        for _ in range(MOST_TRIES):
            found = probe()
            if found is not None:
                return found
        raise NoAnswer(f"{MOST_TRIES} tries were broken off: {dict(self.broken_off)}")

    def _swings(self, gain: float) -> bool | None:
        pressing = Pressing(self.plant, gain, cutoff=WrenchSettings().fast_cutoff)
        found = swings(pressing, self.scene.control_rate)
        faults = self.plant.tick(Twist.zero()).faults
        self.plant.stop()
        kinds = [fault.kind for fault in faults if not fault.is_constraint]
        self.broken_off.update(kinds[:1])
        return None if kinds else found or bool(faults)

    def _fails(self, gain: float, seed: int) -> bool | None:
        episode = run_episode(
            self.plant,
            load_skill(SKILL),
            self.scene,
            {"force_gain": gain},
            seed=seed,
            recover=False,
        )
        self.plant.stop()
        if episode.invalid_reason:
            self.broken_off[episode.invalid_reason.partition(":")[0]] += 1
            return None
        return not episode.success


def _found(is_unstable: Callable[[float], bool], guess: float, halvings: int) -> float:
    try:
        return least_unstable(is_unstable, guess, span=SPAN, halvings=halvings)
    except NoAnswer:
        return math.nan
