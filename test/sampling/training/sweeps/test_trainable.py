# SPDX-License-Identifier: Apache-2.0
import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("ray")

from ray import tune

from vi_ik_ros.sampling.store.model_store import ModelStore
from vi_ik_ros.sampling.training import fit as fit_module
from vi_ik_ros.sampling.training.settings import FitSettings
from vi_ik_ros.sampling.training.sweeps import trainable
from vi_ik_ros.sampling.training.sweeps.trainable import CONFIG_FILE, Task, TrialFailed, fit_trial

POSTURE = {
    "robot": "planar2",
    "objectives": [
        {
            "name": "posture",
            "transform": {"type": "configuration"},
            "density": {"type": "normal", "mean": [0.0, 0.5], "std": 0.1},
        }
    ],
}
CONFIG = {"family": "gaussian", "num_components": 2}


class FakeTune:
    """What a trial sees of Tune: keeps what is reported, restores from a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.restored: Path | None = None
        self.reports: list[dict] = []

    def report(self, metrics: dict, *, checkpoint=None) -> None:
        if checkpoint is not None:
            trial = self.root / "trial_00007"
            kept = trial / f"checkpoint_{len(list(trial.glob('*'))):06}"
            shutil.copytree(checkpoint.path, kept)
            metrics = {**metrics, "kept": kept}
        self.reports.append(metrics)

    def get_checkpoint(self):
        return self.restored and SimpleNamespace(path=str(self.restored))

    def get_context(self):
        return SimpleNamespace(get_trial_dir=lambda: "/somewhere/else/trial_00007")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch) -> FakeTune:
    fake = FakeTune(tmp_path)
    for name in ("report", "get_checkpoint", "get_context"):
        monkeypatch.setattr(tune, name, getattr(fake, name))
    return fake


def task(directory: Path, **changed) -> Task:
    settings = changed.pop("settings", FitSettings(steps=4))
    return Task(directory, {**POSTURE, **changed}, "posture", settings, "elbo", 1, "vi-ik sweep")


def forbid_fits(monkeypatch) -> None:
    def refuse(*args, **options):
        raise AssertionError("a fit")

    monkeypatch.setattr(fit_module, "fit", refuse)


def test_a_trial_reports_its_scores_and_hands_its_model_over(fake) -> None:
    fit_trial(CONFIG, task(fake.root))
    last = fake.reports[-1]
    stored = ModelStore().load(last["kept"] / "posture")
    assert last["digest"] == stored.digest and last["scores"] == stored.document["scores"]
    assert last["elbo"] == last["scores"]["elbo"] and last["progress"] == 100.0
    assert stored.model.num_components == 2
    assert stored.document["training"]["settings"]["steps"] == 4
    assert stored.document["training"]["command"] == "vi-ik sweep"


def test_a_model_that_is_there_is_not_fitted_again(fake, monkeypatch) -> None:
    fit_trial(CONFIG, task(fake.root))
    before = fake.reports.pop()
    fake.restored = before.pop("kept")
    forbid_fits(monkeypatch)
    fit_trial(CONFIG, task(fake.root))
    after = fake.reports[-1]
    assert {key: after[key] for key in before} == before


def test_a_model_that_tune_has_forgotten_is_found(fake, monkeypatch) -> None:
    fit_trial(CONFIG, task(fake.root))
    forbid_fits(monkeypatch)
    fit_trial(CONFIG, task(fake.root))
    with pytest.raises(TrialFailed, match="a fit"):  # of another trial
        fit_trial({**CONFIG, "num_components": 3}, task(fake.root))


def test_a_damaged_model_is_fitted_again(fake) -> None:
    fit_trial(CONFIG, task(fake.root))
    (before,) = fake.reports
    weights = before["kept"] / "posture" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    fit_trial(CONFIG, task(fake.root))
    assert (
        fake.reports[-1]["digest"] == ModelStore().load(fake.reports[-1]["kept"] / "posture").digest
    )
    assert fake.reports[-1]["elbo"] == before["elbo"]


def test_an_interrupted_fit_goes_on_from_its_checkpoint(fake, monkeypatch) -> None:
    monkeypatch.setattr(trainable, "REPORT_EVERY", 0.0)
    settings = FitSettings(steps=40, checkpoint_every=0.0)
    fit_trial(CONFIG, task(fake.root, settings=settings))
    whole = fake.reports
    begun = [report for report in whole if "kept" in report]
    assert [report["progress"] for report in whole] == sorted(r["progress"] for r in whole)
    assert whole[0]["progress"] < 60.0 and len(begun) > 2
    fake.reports, fake.root = [], fake.root / "again"
    fake.restored = begun[len(begun) // 2]["kept"]
    fit_trial(CONFIG, task(fake.root, settings=settings))
    assert len(fake.reports) < len(whole)
    assert fake.reports[-1]["elbo"] == whole[-1]["elbo"]


def test_a_checkpoint_that_is_not_whole_costs_only_time(fake) -> None:
    left = fake.root / "trial_00007" / "checkpoint_000000"
    (left / "posture.partial").mkdir(parents=True)
    (left / "posture.partial" / "checkpoint.safetensors").write_bytes(b"half")
    (left / CONFIG_FILE).write_text(json.dumps(CONFIG))
    fit_trial(CONFIG, task(fake.root))
    assert math.isfinite(fake.reports[-1]["elbo"])


def test_a_fit_that_fails_fails_the_trial_in_one_line(fake) -> None:
    density = {"type": "normal", "mean": [0.0, 3.3], "std": 0.05}  # outside of the joint limits
    objective = {**POSTURE["objectives"][0], "density": density}
    settings = FitSettings(steps=30)
    with pytest.raises(TrialFailed, match="^objectives: got .* inside the joint limits") as failed:
        fit_trial(CONFIG, task(fake.root, objectives=[objective], settings=settings))
    assert "\n" not in str(failed.value)
