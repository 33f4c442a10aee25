# SPDX-License-Identifier: Apache-2.0
import pytest

TRAINING = "vi_ik_ros.sampling.training"


@pytest.fixture(autouse=True)
def quick_beginnings_and_scores(monkeypatch):
    """Start mixtures from fewer draws, and score models on fewer: sizes that prove nothing here."""
    monkeypatch.setattr(f"{TRAINING}.runs.starting_components.NUM_PROPOSALS", 10_000)
    monkeypatch.setattr(f"{TRAINING}.runs.mixture_run.MANY_PROPOSALS", 20_000)
    monkeypatch.setattr(f"{TRAINING}.scores.NUM_CONTEXTS", 100)
    monkeypatch.setattr(f"{TRAINING}.scores.NUM_SAMPLES", 4)
