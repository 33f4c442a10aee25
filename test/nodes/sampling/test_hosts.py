# SPDX-License-Identifier: Apache-2.0
"""Machines that are network namespaces: who finds a sampler on one subnet, and on two.

Linux, root and `ip` are needed; nothing leaves the namespaces, which have no way out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.hosts
PROFILE = Path(__file__).parents[3] / "config" / "fastdds.xml"
PATIENCE = 60.0  # [s], of whatever must come
SERVER, NEAR, FAR = "10.213.1.2", "10.213.1.3", "10.213.2.2"
MACHINES = {"server": SERVER, "near": NEAR, "far": FAR}
# Five processes come before the sampler; Fast DDS by itself looks for four on a machine.
CROWDED_SAMPLER = """
import rclpy
from rclpy.context import Context
from rclpy.node import Node
kept = []
for index in range(5):
    context = Context()
    rclpy.init(context=context)
    kept.append((context, Node(f"other_{index}", context=context)))
from vi_ik_ros.nodes.sampler_node import main
main()
"""
# Is there a sampler before so many seconds are over, and what does it answer?
CLIENT = """
import sys
from geometry_msgs.msg import Point, Pose, Quaternion
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.srv import SampleConfigurations
target = Pose(position=Point(x=0.4, y=0.1, z=0.5), orientation=Quaternion(x=1.0, w=0.0))
request = SampleConfigurations.Request(num_samples=3, seed=1, targets=[target])
with SamplerClient() as client:
    found = client.wait(float(sys.argv[1]))
    print(len(client.send(request).log_prob) if found else 0)
"""


def run(*words: str) -> None:
    """Run a command; what it is refused with is the reason to skip."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{' '.join(words)}: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def machines():
    """Three machines on two subnets, a router between them: name of the namespace for each."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs root and iproute2: machines are network namespaces")
    spaces = {name: f"vi_{os.getpid()}_{name}" for name in ("router", *MACHINES)}
    router = spaces["router"]
    try:
        for space in spaces.values():
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        for subnet in ("1", "2"):
            run("ip", "-n", router, "link", "add", f"subnet{subnet}", "type", "bridge")
            run(
                "ip", "-n", router, "addr", "add", f"10.213.{subnet}.1/24", "dev", f"subnet{subnet}"
            )
            run("ip", "-n", router, "link", "set", f"subnet{subnet}", "up")
        for name, address in MACHINES.items():
            plug_in(spaces[name], router, name, address)
        run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield spaces
    finally:
        for space in spaces.values():
            subprocess.run(["ip", "netns", "del", space], capture_output=True)


def plug_in(space: str, router: str, name: str, address: str) -> None:
    """Connect a machine to the switch of its subnet, its way out is the router."""
    subnet = address.split(".")[2]
    cable = ("type", "veth", "peer", "name", name, "netns", router)
    run("ip", "link", "add", "eth0", "netns", space, *cable)
    run("ip", "-n", router, "link", "set", name, "master", f"subnet{subnet}", "up")
    run("ip", "-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
    run("ip", "-n", space, "link", "set", "eth0", "up")
    run("ip", "-n", space, "route", "add", "default", "via", f"10.213.{subnet}.1")


def start(space: str, *words: str, **environment: str) -> subprocess.Popen:
    """Start this Python in a namespace, with a shared memory of its own."""
    own_memory = 'mount -t tmpfs none /dev/shm && exec "$0" "$@"'
    return subprocess.Popen(
        ["ip", "netns", "exec", space, "sh", "-c", own_memory, sys.executable, *words],
        env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def sampler(machines):
    """A sampler on the machine `server`, beside five other processes."""
    process = start(machines["server"], "-c", CROWDED_SAMPLER)
    try:
        told = ""
        for line in process.stdout:
            told += line
            if "serving" in line:
                break
        assert "serving" in told, told
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture
def counts(machines, sampler):
    """Return how many samples clients get that ask at the same time; 0: it found no sampler."""

    def ask(*clients):
        started = [
            start(machines[machine], "-c", CLIENT, str(patience), **environment)
            for machine, patience, environment in clients
        ]
        told = [process.communicate(timeout=3.0 * PATIENCE)[0] for process in started]
        assert [process.returncode for process in started] == [0] * len(clients), told
        return [int(lines.splitlines()[-1]) for lines in told]

    return ask


def test_a_sampler_is_found_on_its_subnet_and_not_beyond_the_router(counts):
    assert counts(("near", PATIENCE, {}), ("far", 1.0, {})) == [3, 0]


def test_peers_and_the_profile_find_it_there(counts):
    found = {"ROS_STATIC_PEERS": SERVER, "FASTDDS_DEFAULT_PROFILES_FILE": str(PROFILE)}
    assert counts(("far", PATIENCE, found)) == [3]
