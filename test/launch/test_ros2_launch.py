# SPDX-License-Identifier: Apache-2.0
"""The launch files run by `ros2 launch`, where that is installed."""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.training.trainer_client import TrainerClient

pytestmark = pytest.mark.skipif(
    shutil.which("ros2") is None or importlib.util.find_spec("launch_ros") is None,
    reason="`ros2 launch` is not installed: only the source of the launch files was checked",
)
LAUNCH = ["ros2", "launch", "vi_ik_ros"]


EVERY = ("namespace", "use_sim_time", "params_file", "log_level")


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("bringup.launch.py", ("model", "robot", "device", *EVERY)),
        ("sampler.launch.py", ("model", "robot", *EVERY)),
        ("trainer.launch.py", ("device", *EVERY)),
        ("skill.launch.py", ("skill", "robot", *EVERY)),
        ("gazebo.launch.py", ("scene", "worlds", "gz_args", "namespace", "log_level")),
    ],
)
def test_ros2_launch_shows_the_arguments(file: str, names: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*LAUNCH, file, "--show-args"], capture_output=True, text=True, timeout=60, check=True
    )
    for name in names:
        assert f"'{name}':" in done.stdout


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[subprocess.Popen]:
    command = [*LAUNCH, "bringup.launch.py", "namespace:=launched", "log_level:=warn"]
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@pytest.mark.slow
def test_ros2_launch_starts_nodes_that_end_cleanly(launched: subprocess.Popen) -> None:
    with SamplerClient("/launched/sampler") as client:
        assert client.wait(60.0)
        assert "panda_pose" in client.model_names(30.0)
    with TrainerClient("/launched/trainer") as trainer:
        assert trainer.wait(60.0)
    launched.send_signal(signal.SIGINT)
    assert launched.wait(15) == 0
