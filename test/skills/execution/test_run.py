# SPDX-License-Identifier: Apache-2.0
import math
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.skills.execution.episode import Outcome
from vi_ik_ros.skills.execution.graph.skill_file import load_skill
from vi_ik_ros.skills.execution.run import CANCELLED, run_episode
from vi_ik_ros.skills.execution.trace import RECOVERY, Recorder
from vi_ik_ros.skills.plants.analytic_plant import AnalyticPlant
from vi_ik_ros.skills.plants.faults import Fault, FaultKind
from vi_ik_ros.skills.plants.limits import Limits
from vi_ik_ros.skills.plants.plant import PlantState
from vi_ik_ros.skills.plants.safety_gate import SafetyGate
from vi_ik_ros.skills.plants.scene import load_scene

FAST = {"approach_speed": 0.015}  # beyond what the largest force allows


@pytest.fixture(scope="module")
def skill():
    return load_skill("screw_insertion")


@pytest.fixture(scope="module")
def scene(skill):
    return load_scene(skill.scene)


@pytest.fixture
def plant(scene):
    return SafetyGate(AnalyticPlant(scene), Limits.of(scene))


class Troubled:
    """A plant that does something wrong from a certain tick on."""

    def __init__(self, scene, tick, change):
        self._plant, self._from, self._change = AnalyticPlant(scene), tick, change
        self.control_period = self._plant.control_period
        self.wrench_period = self._plant.wrench_period
        self.stopped = False

    def reset(self, seed, scene=None):
        self._ticks = 0
        return self._plant.reset(seed, scene)

    def tick(self, twist):
        self._ticks += 1
        result = self._plant.tick(twist)
        return self._change(result) if self._ticks >= self._from else result

    def stop(self):
        self.stopped = True

    def clear_fault(self):
        pass

    def close(self):
        pass


def faulty(kind, value=math.nan):
    def change(result):
        fault = Fault(kind, "because", value)
        return replace(result, faults=(fault,), state=PlantState.FAULT)

    return change


def named(episode):
    return {primitive.name: primitive for primitive in episode.primitives}


def test_screw_goes_in_and_every_primitive_is_recorded(plant, skill, scene):
    episode = run_episode(plant, skill, scene, seed=1)
    assert episode.success
    assert episode.last_primitive == len(episode.primitives)
    assert episode.failed_primitive == ""
    by_name = named(episode)
    assert by_name["alignment"].outcome is Outcome.SKIPPED  # the tool stands upright
    others = [one for one in episode.primitives if one.name != "alignment"]
    assert all(one.outcome is Outcome.SUCCESS for one in others)
    for before, after in zip(others, others[1:], strict=False):
        assert before.end <= after.begin
    assert all(factor.ok and factor.constraint < 0.0 for factor in episode.factors)
    assert 0.0 < episode.cost < 1.0
    assert 5.0 < episode.peak_force < 20.0


def test_primitives_last_as_long_as_their_outcomes_say(plant, skill, scene):
    recorder = Recorder()
    episode = run_episode(plant, skill, scene, seed=1, on_tick=recorder.add)
    trace = recorder.trace()
    assert trace.times[-1] == pytest.approx(episode.duration)
    for index, one in enumerate(episode.primitives):
        ticks = int((trace.primitives == index).sum())
        if one.outcome is Outcome.SUCCESS:
            assert ticks == round((one.end - one.begin) / plant.control_period)
    assert trace.peak_forces.max() == pytest.approx(episode.peak_force)


def test_cost_is_one_minus_the_weighted_mean_of_the_scores(plant, skill, scene):
    episode = run_episode(plant, skill, scene, seed=1)
    weights = {one.name: one.objective.weight for one in skill.primitives}
    counted = [one for one in episode.primitives if one.outcome is Outcome.SUCCESS]
    total = sum(weights[one.name] for one in counted)
    mean = sum(weights[one.name] * one.score for one in counted) / total
    assert episode.cost == pytest.approx(1.0 - mean)


def test_faster_approach_costs_less_and_pushes_harder(plant, skill, scene):
    slow = run_episode(plant, skill, scene, {"approach_speed": 0.002}, seed=1)
    fast = run_episode(plant, skill, scene, {"approach_speed": 0.006}, seed=1)
    assert fast.cost < slow.cost
    assert fast.peak_force > slow.peak_force
    assert fast.factors[0].constraint > slow.factors[0].constraint


def test_too_fast_an_approach_fails_by_its_force_and_comes_back(plant, skill, scene):
    recorder = Recorder()
    episode = run_episode(plant, skill, scene, FAST, seed=1, on_tick=recorder.add)
    assert not episode.success
    assert episode.invalid_reason == ""
    failed = episode.primitives[episode.last_primitive]
    assert failed.error == "force_above"
    assert failed.outcome is Outcome.ERROR
    assert failed.peak_force >= 20.0
    assert named(episode)["search"].outcome is Outcome.NOT_REACHED
    impact = episode.factors[0]
    assert not impact.ok or failed.name == "force_correction"
    assert episode.recovered
    assert math.isnan(episode.cost)
    trace = recorder.trace()
    assert trace.primitives[-1] == RECOVERY
    assert np.linalg.norm(trace.positions[-1] - np.array(scene.start[:3])) < 2e-4


def test_force_just_after_the_contact_counts_for_the_approach_too(plant, skill, scene):
    episode = run_episode(plant, skill, scene, FAST, seed=1)
    peak = max(one.peak_force for one in episode.primitives)
    impact = episode.factors[0].metrics["approach_surface.force_above"]
    assert impact == pytest.approx(peak - 20.0)


def test_without_recovery_the_episode_ends_where_it_failed(plant, skill, scene):
    recorder = Recorder()
    episode = run_episode(plant, skill, scene, FAST, seed=1, recover=False, on_tick=recorder.add)
    assert not episode.recovered
    assert RECOVERY not in recorder.trace().primitives


def test_same_seed_gives_the_same_digests_and_another_one_does_not(plant, skill, scene):
    def digests(seed):
        recorder = Recorder()
        episode = run_episode(plant, skill, scene, seed=seed, on_tick=recorder.add)
        return episode.digest(), recorder.trace().digest()

    first, again, other = digests(3), digests(3), digests(4)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if not Fault(kind, "").is_constraint])
def test_faults_that_say_nothing_about_parameters_make_the_episode_invalid(skill, scene, kind):
    plant = Troubled(scene, 120, faulty(kind))
    episode = run_episode(plant, skill, scene, seed=1)
    assert not episode.success
    assert episode.invalid_reason == f"{kind}: because"
    assert episode.failed_primitive == ""
    assert not episode.recovered
    broken = [one for one in episode.primitives if one.outcome is Outcome.BROKEN_OFF]
    assert len(broken) == 1
    assert broken[0].error == kind
    assert all(factor.ok is not False for factor in episode.factors)


@pytest.mark.parametrize("kind", [FaultKind.WORKSPACE, FaultKind.OFFSET_BUDGET])
def test_limits_of_the_plant_fail_the_primitive_without_a_number(skill, scene, kind):
    episode = run_episode(Troubled(scene, 160, faulty(kind)), skill, scene, seed=1)
    assert episode.invalid_reason == ""
    failed = episode.primitives[episode.last_primitive]
    assert failed.outcome is Outcome.ERROR
    assert failed.error == kind
    active = [f for f in episode.factors if f.ok is False]
    assert active
    assert all(math.isnan(factor.constraint) for factor in active)
    assert not episode.recovered


def test_hard_force_is_a_failure_by_the_measured_peak(skill, scene):
    plant = Troubled(scene, 120, faulty(FaultKind.HARD_FORCE, 33.0))
    episode = run_episode(plant, skill, scene, seed=1)
    failed = episode.primitives[episode.last_primitive]
    assert failed.error == FaultKind.HARD_FORCE
    assert failed.peak_force == 33.0
    impact = next(factor for factor in episode.factors if factor.ok is False)
    assert impact.metrics[f"{failed.name}.force_above"] == pytest.approx(13.0)
    assert impact.constraint >= 13.0 / 20.0


def test_plant_that_is_in_fault_from_the_start_gives_an_invalid_episode(skill, scene):
    plant = Troubled(scene, 0, faulty(FaultKind.TRANSPORT))
    normal = plant.reset
    plant.reset = lambda seed, scene=None: faulty(FaultKind.TRANSPORT)(normal(seed, scene))
    episode = run_episode(plant, skill, scene)
    assert episode.invalid_reason == "transport: because"
    assert episode.duration == 0.0


def test_cancelled_episode_retracts_holds_and_is_invalid(skill, scene):
    plant = Troubled(scene, 10**9, None)
    recorder = Recorder()
    episode = run_episode(
        plant, skill, scene, seed=1, on_tick=recorder.add,
        stopping=lambda: len(recorder.snapshots) > 130,
    )  # fmt: skip
    assert episode.invalid_reason == CANCELLED
    assert episode.recovered
    assert plant.stopped
    trace = recorder.trace()
    assert not trace.twists[134:140].any()  # it stands before it retracts
    assert trace.positions[-1, 2] > trace.positions[130, 2] + 0.003


def test_loaded_tool_is_not_tared(skill, scene):
    def heavy(result):
        return replace(result, wrenches=result.wrenches + [0.0, 0.0, -9.0, 0.0, 0.0, 0.0])

    episode = run_episode(Troubled(scene, 0, heavy), skill, scene, seed=1)
    assert episode.invalid_reason.startswith("tare: mean force")
    assert named(episode)["approach"].outcome is Outcome.BROKEN_OFF


def test_shortened_commands_are_counted(skill, scene):
    def shortened(result):
        return replace(result, saturated=True)

    episode = run_episode(Troubled(scene, 0, shortened), skill, scene, seed=1)
    assert named(episode)["search"].saturated == 1.0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"speed": 1.0}, "parameters.speed"),
        ({"approach_speed": 1.0}, "parameters.approach_speed"),
        ({"force_gain": math.nan}, "parameters.force_gain"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_moves(skill, scene, given, field):
    with pytest.raises(InvalidInput) as refused:
        run_episode(None, skill, scene, given)
    assert refused.value.field == field
