# SPDX-License-Identifier: Apache-2.0
"""The launch files run by `ros2 launch`, where that is installed."""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import ament_index_python
import pytest

from vi_ik_ros.nodes.processes.private_robot_interface import RobotInterfaceClient
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.skill.skill_client import SkillClient
from vi_ik_ros.nodes.training.trainer_client import TrainerClient

pytestmark = pytest.mark.skipif(
    shutil.which("ros2") is None or importlib.util.find_spec("launch_ros") is None,
    reason="`ros2 launch` is not installed: only the source of the launch files was checked",
)
PATIENCE = 60.0  # [s]
TOUCH = Path(__file__).parents[1] / "nodes" / "skill" / "touch.yaml"
EVERY = ("namespace", "use_sim_time", "params_file", "log_level")
RVIZ = ("rviz", "rviz_frame")
CLIENTS = {
    SamplerClient: "sampler",
    TrainerClient: "trainer",
    RobotInterfaceClient: "robot_interface",
    SkillClient: "skill",
}
REQUEST = (
    "{targets: [{position: {x: 0.45, y: 0.1, z: 0.4}, orientation: {x: 1.0, w: 0.0}}], "
    "num_samples: 3, refine: true}"
)


def ros2(*words: str) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(["ros2", *words], capture_output=True, text=True, timeout=2.0 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("bringup", ("model", "robot", "device", "backend", "scene", "skill", *RVIZ, *EVERY)),
        ("sampler", ("model", "robot", *RVIZ, *EVERY)),
        ("trainer", ("device", *EVERY)),
        ("robot_interface", ("backend", "scene", "arm", "comau_file", *EVERY)),
        ("skill", ("skill", "robot_prefix", *RVIZ, *EVERY)),
        ("gazebo", ("scene", "worlds", "gz_args", "namespace", "log_level")),
        ("screw_cell", ("backend", "comau_file", "rviz", *EVERY)),
    ],
)
def test_ros2_launch_shows_the_arguments(name: str, arguments: tuple[str, ...]) -> None:
    printed = ros2("launch", "vi_ik_ros", f"{name}.launch.py", "--show-args")
    for argument in arguments:
        assert f"'{argument}':" in printed


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a launch file; what it prints goes to tmp_path/log.txt."""
    processes = []

    def start(name: str, *arguments: str, **environment: str) -> subprocess.Popen:
        command = ["ros2", "launch", "vi_ik_ros", f"{name}.launch.py", *arguments]
        with (tmp_path / "log.txt").open("w") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | environment,
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@pytest.mark.slow
def test_ros2_launch_starts_all_nodes_which_answer_and_end_cleanly(launch, tmp_path) -> None:
    launched = launch("bringup", "namespace:=launched", "log_level:=warn", f"skill:={TOUCH}")
    with SamplerClient("/launched/sampler") as client:
        assert client.wait(PATIENCE)
        assert "panda_pose" in client.model_names(PATIENCE)
    for kind, name in CLIENTS.items():
        with kind(f"/launched/{name}") as client:
            assert client.wait(PATIENCE), name
    sample = "/launched/sampler/sample", "vi_ik_ros/srv/SampleConfigurations"
    assert "converged=[True, True, True]" in ros2("service", "call", *sample, REQUEST)
    if importlib.util.find_spec("ros2action") is not None:
        goal = "/launched/skill/run_episode", "vi_ik_ros/action/RunEpisode", "{seed: 1}"
        printed = ros2("action", "send_goal", "--feedback", *goal)
        assert "primitive: down" in printed and "status: SUCCEEDED" in printed
    launched.send_signal(signal.SIGINT)
    assert launched.wait(PATIENCE) == 0
    printed = (tmp_path / "log.txt").read_text()
    assert printed.count("process has finished cleanly") == 4
    assert "Traceback" not in printed


@pytest.mark.slow
def test_the_screw_cell_has_a_racer_and_a_screw(launch, tmp_path) -> None:
    launched = launch("screw_cell", "namespace:=screwed")
    for kind, name in CLIENTS.items():
        with kind(f"/screwed/{name}") as client:
            assert client.wait(PATIENCE), name
    launched.send_signal(signal.SIGINT)
    assert launched.wait(PATIENCE) == 0
    printed = (tmp_path / "log.txt").read_text()
    assert "analytic, scene screw_cell, robot racer5" in printed
    assert "default skill screw_insertion" in printed and "racer5_pose" in printed
    assert printed.count("process has finished cleanly") == 4
    assert "Traceback" not in printed


@pytest.mark.slow
def test_the_robot_interface_refuses_to_follow_a_clock(launch, tmp_path) -> None:
    launch("robot_interface", "use_sim_time:=true").wait(PATIENCE)
    printed = (tmp_path / "log.txt").read_text()
    assert "parameter use_sim_time" in printed and "exit code 2" in printed


@pytest.fixture
def stand_ins(tmp_path: Path) -> Path:
    """A prefix with executables in place of RViz's that note their arguments in files there."""
    for package, executable in (("rviz2", "rviz2"), ("tf2_ros", "static_transform_publisher")):
        index = tmp_path / "share" / "ament_index" / "resource_index" / "packages" / package
        index.parent.mkdir(parents=True, exist_ok=True)
        index.touch()
        program = tmp_path / "lib" / package / executable
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path / package}\n')
        program.chmod(0o755)
    return tmp_path


@pytest.mark.slow
def test_rviz_is_started_where_it_is_wanted(launch, stand_ins) -> None:
    path = f"{stand_ins}{os.pathsep}{os.environ['AMENT_PREFIX_PATH']}"
    arguments = ("rviz:=true", "rviz_frame:=table", "namespace:=seen", "log_level:=warn")
    launched = launch("bringup", *arguments, AMENT_PREFIX_PATH=path)
    with SamplerClient("/seen/sampler") as client:
        assert client.wait(PATIENCE)
        assert client._node.count_publishers("/seen/robot_description") == 1
    launched.send_signal(signal.SIGINT)
    assert launched.wait(PATIENCE) == 0
    words = (stand_ins / "rviz2").read_text().splitlines()
    assert words[0] == "-d" and Path(words[1]).name == "vi_ik.rviz" and Path(words[1]).is_file()
    assert words[2:4] == ["-f", "table"] and "__ns:=/seen" in words
    words = (stand_ins / "tf2_ros").read_text().splitlines()
    assert words[:4] == ["--x", "0", "--y", "1.2"]
    assert words[12:16] == ["--frame-id", "table", "--child-frame-id", "base_link"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bringup", "sampler", "skill"])
def test_no_node_is_left_behind_where_rviz_is_missing(launch, tmp_path, name) -> None:
    if ament_index_python.get_packages_with_prefixes().keys() & {"rviz2", "tf2_ros"}:
        pytest.skip("RViz or a part of it is installed")
    assert launch(name, "rviz:=true").wait(PATIENCE) != 0
    printed = (tmp_path / "log.txt").read_text()
    assert "not found" in printed and "process started" not in printed
