# SPDX-License-Identifier: Apache-2.0
"""The tool of Gazebo against the scene, and against the same tool as MuJoCo gets it."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from vi_ik_ros.kinematics.pose import pose_to_matrix
from vi_ik_ros.skills.plants.gazebo.topics import JOINTS
from vi_ik_ros.skills.plants.mujoco.mujoco_xml import model_xml


@pytest.fixture
def mujoco(scene):
    return ElementTree.fromstring(model_xml(scene, 1 / 850))


def numbers(text):
    return np.array([float(word) for word in text.split()])


def joints(tool):
    return {joint.get("name"): joint for joint in tool.findall("joint")}


def pose_of(element):
    return pose_to_matrix(numbers(element.findtext("pose")))


def test_every_mass_and_inertia_is_positive_and_possible(tool):
    inertials = [link.find("inertial") for link in tool.findall("link")]
    assert all(float(inertial.findtext("mass")) > 0.0 for inertial in inertials)
    for inertial in inertials:
        a, b, c = sorted(
            float(inertial.findtext(f"inertia/{name}")) for name in ("ixx", "iyy", "izz")
        )
        assert 0.0 < a and c <= a + b


def test_the_joints_are_a_chain_from_the_world_to_the_tool(tool):
    chain = [(j.findtext("parent"), j.findtext("child")) for j in tool.findall("joint")]
    links = [link.get("name") for link in tool.findall("link")]
    assert chain[0][0] == "world" and chain[-1] == ("mount", "tool")
    assert [child for _, child in chain] == links
    assert [parent for parent, _ in chain[1:]] == links[:-1]


def test_the_flange_slides_then_turns_about_x_y_z_as_mujoco_s(tool, mujoco):
    ours = [(j.get("name"), j.findtext("axis/xyz")) for j in tool.findall("joint")[:6]]
    theirs = [
        (j.get("name"), j.get("axis")) for j in mujoco.findall(".//body[@name='flange']/joint")
    ]
    assert ours == theirs
    assert [name for name, _ in ours] == list(JOINTS.values())


def test_the_tip_begins_at_the_start_of_the_scene(scene, tool):
    links = {link.get("name"): link for link in tool.findall("link")}
    assert links["tool"].find("pose").get("relative_to") == "mount"
    T_base_tool = pose_of(tool) @ pose_of(links["mount"]) @ pose_of(links["tool"])
    T_tool_tip = pose_to_matrix(np.array([0, 0, scene.tool.sensor_to_tip, 0, 0, 0, 1.0]))
    expected = pose_to_matrix(np.array(scene.start))
    np.testing.assert_allclose(T_base_tool @ T_tool_tip, expected, atol=1e-10)


def test_the_inertia_of_the_tool_is_mujoco_s(scene, tool, mujoco):
    ours = tool.find("link[@name='tool']/inertial")
    theirs = mujoco.find(".//body[@name='tool']/inertial")
    assert float(ours.findtext("mass")) == float(theirs.get("mass"))
    diagonal = [float(ours.findtext(f"inertia/{name}")) for name in ("ixx", "iyy", "izz")]
    np.testing.assert_allclose(diagonal, numbers(theirs.get("diaginertia")))
    middle = numbers(ours.findtext("pose"))[:3] - [0.0, 0.0, scene.tool.sensor_to_tip]
    np.testing.assert_allclose(middle, numbers(theirs.get("pos")), atol=1e-12)


def test_the_flange_weighs_what_mujoco_s_does(tool, mujoco):
    names = [joint.findtext("child") for joint in tool.findall("joint")[:6]]
    masses = [float(tool.findtext(f"link[@name='{name}']/inertial/mass")) for name in names]
    inertia = float(tool.findtext("link[@name='flange']/inertial/inertia/izz"))
    theirs = mujoco.find(".//body[@name='flange']/inertial")
    assert sum(masses) == pytest.approx(float(theirs.get("mass")))
    assert inertia == pytest.approx(numbers(theirs.get("diaginertia"))[2], rel=1e-2)


def test_springs_and_servos_are_mujoco_s(tool, mujoco):
    ours = {
        name: joint.find("axis/dynamics")
        for name, joint in joints(tool).items()
        if name != "sensor"
    }
    for spring in mujoco.findall(".//body[@name='tool']/joint"):
        dynamics = ours[spring.get("name")]
        for tag, attribute in (("spring_stiffness", "stiffness"), ("damping", "damping")):
            assert float(dynamics.findtext(tag)) == pytest.approx(float(spring.get(attribute)))
        assert float(dynamics.findtext("spring_reference")) == 0.0
    gains = {
        p.findtext("joint_name"): p for p in tool.findall("plugin") if p.find("p_gain") is not None
    }
    servos = mujoco.findall("actuator/position")
    assert set(gains) == {servo.get("joint") for servo in servos} == set(JOINTS.values())
    for servo in servos:
        name = servo.get("joint")
        assert float(gains[name].findtext("p_gain")) == pytest.approx(float(servo.get("kp")))
        assert float(gains[name].findtext("i_gain")) == float(gains[name].findtext("d_gain")) == 0.0
        assert float(ours[name].findtext("damping")) == pytest.approx(float(servo.get("kv")))


def test_edges_and_boxes_are_mujoco_s(scene, tool, mujoco):
    lever = np.array([0.0, 0.0, scene.tool.sensor_to_tip])
    capsules, boxes = [], []
    for solid in tool.find("link[@name='tool']").findall("collision"):
        T = pose_of(solid)
        middle, capsule = T[:3, 3] - lever, solid.find("geometry/capsule")
        if capsule is None:
            size = numbers(solid.findtext("geometry/box/size"))
            boxes.append([*middle, *(0.5 * size)])
        else:
            reach = 0.5 * float(capsule.findtext("length")) * np.abs(T[:3, 2])
            capsules.append(
                [float(capsule.findtext("radius")), *(middle - reach), *(middle + reach)]
            )
    tips = mujoco.findall(".//geom[@class='tip']")
    theirs = [
        [float(g.get("size")), *numbers(g.get("fromto"))]
        for g in tips
        if g.get("type") == "capsule"
    ]
    np.testing.assert_allclose(capsules, theirs, atol=1e-12)
    theirs = [
        [*numbers(g.get("pos")), *numbers(g.get("size"))] for g in tips if g.get("type") == "box"
    ]
    np.testing.assert_allclose(boxes, theirs, atol=1e-12)


def test_the_sensor_is_pinned_to_environment_on_tool_in_the_tool_s_axes(scene, tool):
    joint = joints(tool)["sensor"]
    sensor = joint.find("sensor")
    assert joint.get("type") == "fixed" and sensor.get("type") == "force_torque"
    assert sensor.findtext("force_torque/frame") == "child"
    assert sensor.findtext("force_torque/measure_direction") == "child_to_parent"
    assert float(sensor.findtext("update_rate")) == scene.force_torque.rate
    assert joint.find("pose") is None and sensor.find("pose") is None  # in the origin of the tool


def test_the_noise_is_that_of_the_scene(scene, tool):
    sensor = joints(tool)["sensor"].find("sensor/force_torque")
    expected = {"force": scene.force_torque.force_noise, "torque": scene.force_torque.torque_noise}
    for kind, std in expected.items():
        for letter in "xyz":
            noise = sensor.find(f"{kind}/{letter}/noise")
            assert noise.get("type") == "gaussian"
            assert (float(noise.findtext("mean")), float(noise.findtext("stddev"))) == (0.0, std)
