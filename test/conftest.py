# SPDX-License-Identifier: Apache-2.0
"""What every test runs with: quiet threads, a private ROS 2 domain, and nothing of the user's."""

import gc
import importlib.util
import itertools
import multiprocessing.connection
import multiprocessing.reduction
import operator
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from threading import Lock
from types import SimpleNamespace

import pytest

_SCRATCH = tempfile.mkdtemp(prefix="vi_ik_ros_test_")

# Before anything imports torch or rclpy: child processes inherit these too.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests' arrays are too small for more
os.environ["MPLBACKEND"] = "Agg"
os.environ["XDG_DATA_HOME"] = _SCRATCH  # the default model store of a test is empty
os.environ["ROS_LOG_DIR"] = _SCRATCH
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 101)  # two test runs do not hear each other

gc.disable()  # until all tests are read: nothing of what that makes is ever thrown away

_NUMBERS = itertools.count()
_MARKER_OF_FOLDER = {"nodes": "ros", "launch": "launch"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run a process more than there are processors: tests of nodes wait much of their time."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_report_header() -> str:
    has_launch = shutil.which("ros2") and importlib.util.find_spec("launch_ros")
    how = "run by `ros2 launch`" if has_launch else "only read: `ros2 launch` is not installed"
    return f"launch files: {how}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(root).parts[0]
        if folder in _MARKER_OF_FOLDER:
            item.add_marker(_MARKER_OF_FOLDER[folder])


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    shutil.rmtree(_SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def write_tiny_model():
    """Write an untrained mixture for the Panda into a store: real files, answers by its refiner.

    The function takes the store's directory, a name, the kind of context (`pose`, `position`) and
    a seed, and returns the digest.
    """
    return _write_tiny_model


def _write_tiny_model(store: Path, name: str, *, kind: str = "pose", seed: int = 0) -> str:
    import numpy as np
    import torch

    from vi_ik_ros.kinematics.pose import matrix_to_pose
    from vi_ik_ros.kinematics.robot_model import RobotModel
    from vi_ik_ros.sampling.models.amortized.context_features import AxisSymmetry
    from vi_ik_ros.sampling.models.amortized.network import AmortizedNetwork
    from vi_ik_ros.sampling.models.amortized.options import AmortizedOptions
    from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
    from vi_ik_ros.sampling.store.document import describe_robot
    from vi_ik_ros.sampling.store.model_store import ModelStore

    robot, size = RobotModel.load("panda"), {"pose": 7, "position": 3}[kind]
    torch.manual_seed(seed)
    options = AmortizedOptions(
        entries=((kind, size),),
        lower=tuple(robot.lower.tolist()),
        upper=tuple(robot.upper.tolist()),
        symmetry=AxisSymmetry(),
        num_components=4,
        width=16,
        num_blocks=1,
        num_waves=4,
    )
    rng = np.random.default_rng(seed)
    q = rng.uniform(robot.lower, robot.upper, (200, robot.nq))
    contexts = matrix_to_pose(robot.forward(q))[:, :size]
    entry = {"name": "hand", "kind": kind, "size": size, "frame": robot.root, "unit": "m"}
    entry |= {"range": [contexts.min(axis=0).tolist(), contexts.max(axis=0).tolist()]}
    entry |= {"objective": "hand", "field": "mean"}
    document = {"robot": describe_robot(robot), "context": [entry]}
    document |= {"scores": {"elbo [nat]": -float(seed)}, "training": {"seed": seed}}
    model = AmortizedMixture(options, AmortizedNetwork(options).tensors())
    extras = {"extra.training_contexts": contexts.astype(np.float32)}
    return ModelStore(store).write(store / name, model, document, extras)


FORKED = """
import os, sys
os.setsid()
for number, fd in enumerate(pipes):
    os.dup2(fd, number)
sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)
os.environ.update(env)
from vi_ik_ros.sampling.training.jobs.worker.__main__ import main
main()
"""


@pytest.fixture
def warm_workers(monkeypatch):
    """Fork the workers of trainings from a process that has loaded torch, which takes two seconds.

    They are processes with pipes, as before; test_worker_process.py starts them as users do.
    """
    from vi_ik_ros.sampling.training.jobs import worker_process

    stand_in = SimpleNamespace(Popen=_ForkedWorker, PIPE=subprocess.PIPE)
    monkeypatch.setattr(worker_process, "subprocess", stand_in)


class _ForkedWorker:
    """What the parent of a worker needs of `subprocess.Popen`."""

    def __init__(self, command, *, env, **_):
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(
            ["vi_ik_ros.sampling.training.fit", "vi_ik_ros.sampling.experts.objective_file"]
        )
        pipes = [os.pipe() for _ in range(3)]  # (read, write) each
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err) = pipes
        theirs = (theirs_in, theirs_out, theirs_err)
        told = {"pipes": [_Descriptor(fd) for fd in theirs], "env": env}
        self._process, self._lock = forks.Process(target=exec, args=(FORKED, told)), Lock()
        self._process.start()
        for fd in theirs:
            os.close(fd)
        self.pid, self.stdin = self._process.pid, open(ours_in, "w")
        self.stdout, self.stderr = (open(fd, errors="replace") for fd in (ours_out, ours_err))

    def poll(self):
        with self._lock:
            return self._process.exitcode

    def wait(self):
        multiprocessing.connection.wait([self._process.sentinel])
        return self.poll()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


class _Descriptor:
    """A file descriptor that becomes one of the new process."""

    def __init__(self, fd):
        self._fd = fd

    def __reduce__(self):
        return operator.methodcaller("detach"), (multiprocessing.reduction.DupFd(self._fd),)


@pytest.fixture
def scripted_trainer():
    """Start nodes that take sets and publish statuses as a trainer does, without any training.

    The function takes the statuses that follow each set, as fields of TrainingStatus; `model` and
    `set_stamp` are the set's unless they are there. It returns the node: `full_name`, what it has
    `received` (`arrived` is set then), and whether its training was `cancelled`. It needs ROS 2.
    """
    ends = []

    def start(*script):
        node, end = _start_scripted_trainer(script)
        ends.append(end)
        return node

    yield start
    for end in ends:
        end()


def _start_scripted_trainer(script):
    import threading

    import rclpy
    from rclpy.context import Context
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.node import Node
    from std_srvs.srv import Trigger

    from vi_ik_ros.msg import ObjectiveSet, TrainingStatus
    from vi_ik_ros.nodes.qos import latched, requests

    context = Context()
    rclpy.init(context=context, domain_id=int(os.environ["ROS_DOMAIN_ID"]))
    node = Node("trainer", context=context, namespace=f"/scripted_{next(_NUMBERS)}")
    node.full_name, node.received, node.cancelled = node.get_fully_qualified_name(), [], False
    node.arrived = threading.Event()
    out = node.create_publisher(TrainingStatus, "~/status", latched(16))

    def take(message):
        node.received.append(message)
        node.arrived.set()
        for fields in script:
            out.publish(
                TrainingStatus(**{"model": message.model, "set_stamp": message.stamp} | fields)
            )

    def cancel(_, response):
        response.success, node.cancelled = not node.cancelled, True
        response.message = "cancelled reach" if response.success else "nothing is being trained"
        return response

    node.create_subscription(ObjectiveSet, "~/objectives", take, requests())
    node.create_service(Trigger, "~/cancel", cancel)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def spin():
        try:
            executor.spin()
        except ExternalShutdownException:
            pass

    thread = threading.Thread(target=spin)
    thread.start()

    def end():
        context.try_shutdown()
        thread.join(10.0)
        node.destroy_node()

    return node, end
