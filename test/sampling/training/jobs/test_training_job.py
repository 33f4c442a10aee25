# SPDX-License-Identifier: Apache-2.0
import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.training.jobs.training_job import TrainingJob
from vi_ik_ros.sampling.training.settings import FitSettings

DOCUMENT = {"robot": {"urdf": "a.urdf"}, "objectives": [{"name": "ü", "density": {"std": 0.1}}]}
JOB = TrainingJob("hand", DOCUMENT, "moe", {"steps": 5, "time_limit": 2.5}, True, "cpu")


@pytest.mark.parametrize("job", [JOB, TrainingJob("hand", {})])
def test_a_job_comes_back_from_its_text(job):
    assert TrainingJob.from_json(job.to_json()) == job
    assert "\n" not in job.to_json()
    assert TrainingJob.from_plain(json.loads(json.dumps(job.to_plain()))) == job


def test_infinite_bounds_and_nan_come_back():
    document = {"objectives": [{"density": {"lower": [-math.inf], "upper": [math.inf, math.nan]}}]}
    back = TrainingJob.from_json(TrainingJob("hand", document).to_json()).document
    density = back["objectives"][0]["density"]
    assert density["lower"] == [-math.inf] and density["upper"][0] == math.inf
    assert math.isnan(density["upper"][1])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"model": "hand"}', '{"name": 1, "document": {}}']
)
def test_a_text_that_is_no_job_is_refused(text):
    with pytest.raises(InvalidInput, match="^job: got"):
        TrainingJob.from_json(text)


@pytest.mark.parametrize("name", ["", "../hand", "a/b", "a\\b", "Hand", "x" * 65, None, 3])
def test_a_model_name_that_is_none_is_refused(name):
    with pytest.raises(InvalidInput, match="1 to 64 of a-z, 0-9 and _") as refusal:
        replace(JOB, model=name).check()
    assert refusal.value.field == "model"


def test_settings_are_checked_and_returned():
    assert JOB.check() == FitSettings(steps=5, time_limit=2.5)
    with pytest.raises(InvalidInput, match="num_components: got 10000000"):
        replace(JOB, settings={"num_components": 10**7}).check()
    with pytest.raises(InvalidInput, match="document: got planar2"):
        replace(JOB, document="planar2").check()


def test_a_parent_needs_no_torch():
    modules = (
        "vi_ik_ros.sampling.store.adoption",
        "vi_ik_ros.sampling.training.jobs.training_job",
        "vi_ik_ros.sampling.training.jobs.worker_process",
    )
    program = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
