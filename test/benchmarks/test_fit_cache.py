# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from vi_ik_ros.benchmarks import fit_cache
from vi_ik_ros.benchmarks.fit_cache import cached_fit
from vi_ik_ros.kinematics.share import share_dir
from vi_ik_ros.sampling.experts.objective_file import load_objectives
from vi_ik_ros.sampling.training.fit_mixture import fit_mixture
from vi_ik_ros.sampling.training.runs.mixture_run import MixtureSettings

SETTINGS = MixtureSettings(num_components=2, steps=(2, 2, 2))


@pytest.fixture
def counted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls = []

    def fit(product, *, family, settings):
        calls.append(family)
        return fit_mixture(product, family=family, settings=settings)

    return calls, fit


@pytest.fixture(scope="module")
def objectives():
    return load_objectives(share_dir() / "config" / "objectives" / "planar2_line.yaml")


@pytest.mark.parametrize("family", ["gaussian", "banana"])
def test_the_same_fit_is_made_once(counted, objectives, family):
    calls, fit = counted
    first, again = (cached_fit(objectives, family, SETTINGS, fit=fit) for _ in range(2))
    assert calls == [family]
    assert again.seconds == first.seconds > 0.0
    tensors = first.model.tensors()
    for name, value in again.model.tensors().items():
        np.testing.assert_allclose(value, tensors[name], atol=1e-12)
    assert len(list(fit_cache.cache_directory().iterdir())) == 1


def test_other_settings_or_sources_make_another_fit(counted, objectives, tmp_path, monkeypatch):
    calls, fit = counted
    cached_fit(objectives, "gaussian", SETTINGS, fit=fit)
    cached_fit(objectives, "gaussian", MixtureSettings(2, seed=1, steps=(2, 2, 2)), fit=fit)
    (tmp_path / "sampling").mkdir()
    (tmp_path / "sampling" / "changed.py").write_text("x = 1\n")
    monkeypatch.setattr(fit_cache, "SOURCES", tmp_path)
    cached_fit(objectives, "gaussian", SETTINGS, fit=fit)
    assert len(calls) == 3
