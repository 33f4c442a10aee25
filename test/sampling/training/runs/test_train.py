# SPDX-License-Identifier: Apache-2.0
"""The one loop, with a run that does as it is told."""

import itertools
import math

import numpy as np
import pytest
import torch

from vi_ik_ros.exceptions import InvalidInput, TrainingDiverged, TrainingStopped
from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE
from vi_ik_ros.sampling.training import checkpoint
from vi_ik_ros.sampling.training.checkpoint import Checkpoint
from vi_ik_ros.sampling.training.runs.run import PATIENCE, Fitted, num_active, train


class Script:
    """A run whose ELBO is read from a list; its weight is the number of the last update."""

    num_components = 3

    def __init__(self, elbos, broken_from=10**9):
        self.elbos, self.broken_from, self.step = elbos, broken_from, 0

    def fraction(self, seconds):
        return min(1.0, self.step / len(self.elbos))

    def update(self, seconds):
        self.step += 1
        return {"ELBO": self.elbos[self.step - 1]}

    def checkpoint(self):
        value = math.nan if self.step >= self.broken_from else float(self.step)
        return Checkpoint({"weight.a": torch.tensor([value])}, {})

    def restore(self, kept):
        self.step = int(kept.tensors["weight.a"])

    def result(self):
        return Fitted(None, {}, np.empty((0, 0)))


def run_it(run, directory, **options):
    options = {"every": -1.0, "resume": False, "on_progress": lambda progress: None} | options
    return train(run, directory, "digest", **options)


def kept_step(directory):
    return float(checkpoint.load(directory, "digest").tensors["weight.a"])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_figure_that_stays_no_number_ends_the_run_and_keeps_the_last_good_state(tmp_path, value):
    script = Script([-1.0] * 5 + [value] * 100)
    with pytest.raises(TrainingDiverged, match=f"at step 6, ELBO: {value}; ") as found:
        run_it(script, tmp_path)
    assert (found.value.step, found.value.figure) == (6, "ELBO")
    assert kept_step(tmp_path) == 5
    assert script.step == 5 + PATIENCE


def test_a_few_bad_estimates_are_no_divergence(tmp_path):
    elbos = ([-1.0] + [math.nan] * (PATIENCE - 1)) * 5 + [-math.inf] * 50
    run_it(Script(elbos), tmp_path)
    assert kept_step(tmp_path) == len(elbos)


def test_a_model_that_is_no_number_is_never_kept(tmp_path):
    script = Script([-1.0] * 30, broken_from=12)
    with pytest.raises(TrainingDiverged, match="at step 12, weight.a: nan"):
        run_it(script, tmp_path)
    assert kept_step(tmp_path) == 11


def test_a_model_that_breaks_in_the_last_update_is_noticed(tmp_path):
    with pytest.raises(TrainingDiverged, match="at step 3"):
        run_it(Script([-1.0] * 3, broken_from=3), tmp_path, every=1e9)


@pytest.mark.parametrize("bad", [torch.full((2, 2), math.nan), -torch.eye(2)])
def test_an_update_that_bad_numbers_bring_to_fall_is_a_divergence(tmp_path, bad):
    class Falls(Script):
        def update(self, seconds):
            torch.multinomial(bad, 1) if bad.isnan().any() else torch.linalg.cholesky(bad)

    with pytest.raises(TrainingDiverged, match="at step 0, the next update: .*(proba|linalg)"):
        run_it(Falls([-1.0]), tmp_path)


def test_a_fault_of_ours_stays_one(tmp_path):
    class Faulty(Script):
        def update(self, seconds):
            torch.zeros(2) @ torch.zeros(3)

    with pytest.raises(RuntimeError, match="size"):
        run_it(Faulty([-1.0]), tmp_path)


def test_stopping_keeps_a_checkpoint_from_which_the_run_goes_on(tmp_path):
    script = Script([-1.0] * 9)
    with pytest.raises(TrainingStopped, match="at step 4"):
        run_it(script, tmp_path, every=1e9, stopping=lambda: script.step == 4)
    seen = []
    run_it(Script([-1.0] * 9), tmp_path, every=1e9, resume=True, on_progress=seen.append)
    assert [progress.step for progress in seen] == [5, 6, 7, 8, 9]
    assert {progress.num_components for progress in seen} == {3}


def test_a_resumed_run_counts_the_seconds_before(tmp_path):
    kept = Checkpoint({"weight.a": torch.tensor([2.0])}, {"seconds": 1000.0})
    checkpoint.save(tmp_path, kept, "digest")
    seen = []
    run_it(Script([-1.0] * 4), tmp_path, resume=True, on_progress=seen.append)
    assert all(1000.0 < progress.seconds < 1010.0 for progress in seen)


def test_a_run_ends_with_its_curve(tmp_path):
    elbos = [-4.0, math.nan, -2.0]
    ended = run_it(Script(elbos), tmp_path, every=1e9)
    steps, used = zip(*((p.step, p.num_components) for p in ended.curve.points), strict=True)
    assert (steps, set(used)) == ((1, 2, 3), {3})
    np.testing.assert_array_equal(ended.curve.figure("ELBO"), elbos)
    times = [0.0, *ended.curve.times(), ended.seconds]
    assert times == sorted(times)
    assert all(point.processor_seconds >= 0.0 for point in ended.curve.points)


@pytest.fixture
def halves(tmp_path):
    """A run that was stopped after four of nine updates, and what it takes to go on."""
    elbos = [-float(k) for k in range(9, 0, -1)]
    script = Script(elbos)
    with pytest.raises(TrainingStopped):
        run_it(script, tmp_path, every=1e9, stopping=lambda: script.step == 4)
    return lambda: run_it(Script(elbos), tmp_path, every=1e9, resume=True).curve


def test_a_resumed_run_continues_its_curve(halves, tmp_path):
    assert (tmp_path / CURVE_FILE).read_text().count("\n") == 5
    curve = halves()
    assert [point.step for point in curve.points] == list(range(1, 10))
    assert curve.figure("ELBO").tolist() == [-9.0, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0]
    for spent in (curve.times(), [point.processor_seconds for point in curve.points]):
        assert all(later >= before - 1e-3 for before, later in itertools.pairwise(spent))


def test_a_curve_that_is_ahead_of_the_checkpoint_is_cut(halves, tmp_path):
    with (tmp_path / CURVE_FILE).open("a") as file:
        file.write("5,0.5,9000.0,9000.0,1,77.0\n6,0.6,9001.0,9001.0,1,78.0\n")
    curve = halves()
    assert [point.step for point in curve.points] == list(range(1, 10))
    assert curve.times().max() < 9000.0 and curve.figure("ELBO").max() == -1.0


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"update,done\n"])
def test_a_run_without_its_curve_goes_on_and_does_not_make_up_what_it_lost(
    halves, tmp_path, content
):
    (tmp_path / CURVE_FILE).unlink()
    if content is not None:
        (tmp_path / CURVE_FILE).write_bytes(content)
    curve = halves()
    assert [point.step for point in curve.points] == [5, 6, 7, 8, 9]
    assert all(math.isnan(point.processor_seconds) for point in curve.points)


def test_a_checkpoint_that_cannot_be_written_is_an_error_of_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="checkpoint: got .*expected a place that can be writt"):
        run_it(Script([-1.0]), tmp_path / "file" / "below")


def test_components_count_by_their_weight():
    assert num_active(torch.tensor([0.5, 0.5])) == 2
    assert num_active(torch.tensor([0.99998, 1e-5, 1e-5])) == 1
    assert num_active(torch.tensor([1.0, math.nan])) == 1
