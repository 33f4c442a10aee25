# SPDX-License-Identifier: Apache-2.0
"""What config/vi_ik.rviz listens to against nodes that run: topic, type, QoS, frame, namespaces.

RViz itself is not started. Where tf2_msgs is installed, the transforms are checked as well.
"""

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.nodes.qos import latched
from vi_ik_ros.nodes.sampling.conversions import pose_to_msg

CONFIG = Path(__file__).parents[3] / "config" / "vi_ik.rviz"
TYPES = {  # what a display of RViz subscribes to
    "MarkerArray": MarkerArray,
    "RobotModel": String,
    "Wrench": WrenchStamped,
    "Pose": PoseStamped,
}
DURABILITY = {"Volatile": DurabilityPolicy.VOLATILE}
DURABILITY |= {"Transient Local": DurabilityPolicy.TRANSIENT_LOCAL}
RELIABILITY = {"Reliable": ReliabilityPolicy.RELIABLE, "Best Effort": ReliabilityPolicy.BEST_EFFORT}
HAS_TF2 = importlib.util.find_spec("tf2_msgs") is not None


@dataclass
class Display:
    """One display of the file that has a topic, and what came on it."""

    entry: dict
    received: list = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.entry["Class"].rpartition("/")[2]

    @property
    def topic(self) -> dict:
        return self.entry.get("Topic") or self.entry["Description Topic"]

    @property
    def qos(self) -> QoSProfile:
        return QoSProfile(
            depth=self.topic["Depth"],
            durability=DURABILITY[self.topic["Durability Policy"]],
            reliability=RELIABILITY[self.topic["Reliability Policy"]],
        )

    def markers(self) -> list:
        """All markers that came, but those that only clear."""
        return [marker for one in self.received for marker in one.markers if marker.ns]

    def frames(self) -> set[str]:
        if self.kind == "MarkerArray":
            return {marker.header.frame_id for marker in self.markers()}
        return set() if self.kind == "RobotModel" else {self.received[-1].header.frame_id}


@pytest.fixture(scope="module")
def manager() -> dict:
    return yaml.safe_load(CONFIG.read_text("utf-8"))["Visualization Manager"]


@pytest.fixture
def displays(manager) -> dict[str, Display]:
    shown = [e for e in manager["Displays"] if {"Topic", "Description Topic"} & set(e)]
    return {entry["Name"]: Display(entry) for entry in shown}


@pytest.fixture
def live(displays, start, store, make_bench):
    """All displays after an answer of a sampler and an episode of a skill, and their publishers."""
    options = {"model_store": str(store), "default_model": "tiny_pose"}
    session = start(**options, publish_robot_description=True)
    spaces = {"robot": session.name.rpartition("/")[0]}
    bench = make_bench()
    topics = {}
    for name, display in displays.items():
        relative = display.topic["Value"]
        assert not relative.startswith("/"), f"{name}: RViz runs in the nodes' namespace"
        is_sampler = relative.startswith(("sampler/", "robot_description"))
        topics[name] = f"{spaces['robot'] if is_sampler else bench.space}/{relative}"
        kind, keep = TYPES[display.kind], display.received.append
        session.user.create_subscription(kind, topics[name], keep, display.qos)
    transforms = follow_transforms(session.user)
    session.until(lambda: all(map(session.user.get_publishers_info_by_topic, topics.values())))
    robot = RobotModel.load("panda")
    target = pose_to_msg([0.45, 0.05, 0.35, 1.0, 0.0, 0.0, 0.0])
    assert session.sample(targets=[target], num_samples=3, seed=1).error_code == 0
    bench.run({"speed": 0.02})
    session.until(lambda: all(display.received for display in displays.values()))
    if HAS_TF2:
        session.until(lambda: {"task", f"sampled/{robot.tip}"} <= transforms.keys())
    found = {n: session.user.get_publishers_info_by_topic(topic) for n, topic in topics.items()}
    return displays, found, transforms


def follow_transforms(user) -> dict[str, str]:
    """Keep the parent of every frame that is published."""
    parents: dict[str, str] = {}
    if HAS_TF2:
        from tf2_msgs.msg import TFMessage

        def keep(message):
            parents.update({t.child_frame_id: t.header.frame_id for t in message.transforms})

        user.create_subscription(TFMessage, "/tf", keep, 100)
        user.create_subscription(TFMessage, "/tf_static", keep, latched())
    return parents


@pytest.mark.slow
def test_every_display_hears_what_the_nodes_say(live, manager):
    displays, found, parents = live
    fixed = manager["Global Options"]["Fixed Frame"]
    # The launch files place the base of the skill's robot in the fixed frame.
    known = {fixed, "base_link", *(parents or {"task"})}
    for name, display in displays.items():
        (publisher,) = found[name]
        package, kind = publisher.topic_type.split("/")[::2]
        assert TYPES[display.kind].__module__.startswith(f"{package}."), name
        assert TYPES[display.kind].__name__ == kind, name
        offered, asked = publisher.qos_profile, display.qos
        assert (offered.durability, offered.reliability) == (asked.durability, asked.reliability)
        assert display.frames() <= known, name
    assert displays["Samples"].frames() == {fixed}
    assert displays["Skill"].frames() == displays["Tool"].frames() == {"base_link"}
    assert set(parents.values()) <= {fixed, "base_link"}


@pytest.mark.slow
def test_namespaces_and_frames_of_the_file_are_those_of_the_nodes(live, manager):
    displays, _, parents = live
    for name in ("Samples", "Skill"):
        sent = {marker.ns for marker in displays[name].markers()}
        assert sent == set(displays[name].entry["Namespaces"]), name
    (tf,) = [entry for entry in manager["Displays"] if entry["Class"].endswith("/TF")]
    frames = set(tf["Frames"]) - {"All Enabled"}
    assert displays["Filtered wrench"].frames() <= frames
    if HAS_TF2:
        assert frames <= {*parents, *parents.values()}
        prefix = displays["Shown sample"].entry["TF Prefix"]
        links = RobotModel.load("panda").frame_names
        assert {f"{prefix}/{link}" for link in links} <= set(parents)
