# SPDX-License-Identifier: Apache-2.0
"""Flange, springs, sensor and tool as a model of SDF, with the numbers that MuJoCo gets."""

import math

from vi_ik_ros.skills.plants.gazebo.elements import (
    bar,
    box,
    inertial,
    number,
    plugin,
    pose,
    solid,
    visual,
)
from vi_ik_ros.skills.plants.gazebo.topics import (
    JOINTS,
    command_topic,
    joint_states_topic,
    wrench_topic,
)
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.geometry.tool_body import BLADE_HEIGHT, INERTIA, Blade, blades

SHARE = 1e-3  # of a mass, for each link before it: one joint joins two links, and none may weigh 0
NO_LIMIT = 1e6  # [N], [Nm]; the controllers' own one is 1000
SHAFT_RADIUS = 0.004  # [m], only seen
AXES = {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}
GOLD, DARK = "0.85 0.6 0.2", "0.3 0.33 0.38"


def tool_model(scene: Scene) -> str:
    """Write the model; its origin is where the tool centre point begins.

    The six references move the joints of the flange: x, y, z [m] along base_link, then angles
    [rad] with R = Rx Ry Rz. The springs are along the axes of the tool.

    Args:
        scene: whose tool, servo and sensor are in it.
    """
    states = f"<topic>{joint_states_topic(scene)}</topic>"
    return f"""
<model name="tool">
  {pose(scene.start[:3])}
  {_flange(scene)}
  {_springs(scene)}
  {_tool(scene)}
  {_sensor(scene)}
  {_controllers(scene)}
  {plugin("joint-state-publisher", "JointStatePublisher", states)}
</model>"""


def _flange(scene: Scene) -> str:
    """Write three slides, then three hinges; the servos' damping is that of the joints.

    A damping of the controllers would act on the steps of the reference, too.
    """
    servo, parts, parent = scene.servo, [], "world"
    for joint in JOINTS.values():
        is_slide, is_last = joint.startswith("slide"), joint == "turn_z"
        child = "flange" if is_last else f"after_{joint}"
        share = 1.0 - 5.0 * SHARE if is_last else SHARE
        weight = inertial(share * servo.mass, share * servo.inertia)
        _, damping = servo.gains(servo.mass if is_slide else servo.inertia)
        dynamics = f"<damping>{number(damping)}</damping>"
        parts += [
            f'<link name="{child}">{weight}</link>',
            _joint(joint, "prismatic" if is_slide else "revolute", (parent, child), dynamics),
        ]
        parent = child
    return "".join(parts)


def _springs(scene: Scene) -> str:
    """Write three slides with springs, along the tool's axes, from the flange to the mount."""
    tool, parts, parent = scene.tool, [], "flange"
    turned = pose([0.0, 0.0, 0.0, *scene.start[3:]])
    weight = inertial(SHARE * tool.mass, SHARE * INERTIA)
    for letter, stiffness, damping in zip("xyz", tool.stiffness, tool.damping, strict=True):
        child = "mount" if letter == "z" else f"after_spring_{letter}"
        dynamics = f"""<damping>{number(damping)}</damping>
          <spring_reference>0</spring_reference><spring_stiffness>{number(stiffness)}</spring_stiffness>"""
        parts += [
            f'<link name="{child}">{turned}{weight}</link>',
            _joint(f"spring_{letter}", "prismatic", (parent, child), dynamics),
        ]
        parent = child
    return "".join(parts)


def _joint(name: str, kind: str, links: tuple[str, str], dynamics: str) -> str:
    """Write a joint along or about the axis that its name ends in, without limits."""
    parent, child = links
    return f"""
<joint name="{name}" type="{kind}">
  <parent>{parent}</parent>
  <child>{child}</child>
  <axis><xyz>{AXES[name[-1]]}</xyz><dynamics>{dynamics}</dynamics></axis>
</joint>"""


def _tool(scene: Scene) -> str:
    """Write what the sensor carries; its origin is in the sensor, about which torques are."""
    tip = scene.tool.sensor_to_tip
    length = tip - BLADE_HEIGHT
    shaft = bar("cylinder", SHAFT_RADIUS, length)
    tips = "".join(_blade(blade, tip, scene.friction) for blade in blades(scene))
    return f"""
<link name="tool">
  {pose([0.0, 0.0, -tip], relative_to="mount")}
  {inertial(scene.tool.mass, INERTIA, z=0.5 * tip)}
  {tips}
  {visual("shaft", pose([0.0, 0.0, 0.5 * length]), shaft, DARK)}
</link>"""


def _blade(blade: Blade, tip: float, friction: float) -> str:
    """Write an edge, a capsule turned from its z to where the edge is along, and its box."""
    quarter = math.sqrt(0.5)
    turn = [quarter, 0.0, 0.0] if blade.along == "y" else [0.0, quarter, 0.0]
    capsule = bar("capsule", blade.radius, 2.0 * blade.reach)
    edge = pose([0.0, 0.0, tip - blade.radius, *turn, quarter])
    above = pose([0.0, 0.0, tip + blade.box_middle])
    size = [2.0 * half for half in blade.box_half]
    return solid(f"edge_{blade.along}", edge, capsule, GOLD, friction) + solid(
        f"box_{blade.along}", above, box(size), GOLD, friction
    )


def _sensor(scene: Scene) -> str:
    """Write the joint that measures: what the tool does to its mount, in the tool's axes.

    At rest that is what the environment does to the tool.
    """
    sensor = scene.force_torque
    noise = "".join(
        f"<{kind}>{''.join(_noise(letter, std) for letter in 'xyz')}</{kind}>"
        for kind, std in (("force", sensor.force_noise), ("torque", sensor.torque_noise))
    )
    return f"""
<joint name="sensor" type="fixed">
  <parent>mount</parent>
  <child>tool</child>
  <sensor name="force_torque" type="force_torque">
    <always_on>true</always_on>
    <update_rate>{sensor.rate}</update_rate>
    <topic>{wrench_topic(scene)}</topic>
    <force_torque>
      <frame>child</frame>
      <measure_direction>child_to_parent</measure_direction>
      {noise}
    </force_torque>
  </sensor>
</joint>"""


def _noise(letter: str, std: float) -> str:
    values = f"<mean>0</mean><stddev>{number(std)}</stddev>"
    return f'<{letter}><noise type="gaussian">{values}</noise></{letter}>'


def _controllers(scene: Scene) -> str:
    """Write the servos' stiffness: the controllers have no other gain."""
    servo, parts = scene.servo, []
    for axis, joint in JOINTS.items():
        stiffness, _ = servo.gains(servo.mass if joint.startswith("slide") else servo.inertia)
        settings = f"""
<joint_name>{joint}</joint_name>
<topic>{command_topic(scene, axis)}</topic>
<p_gain>{number(stiffness)}</p_gain><i_gain>0</i_gain><d_gain>0</d_gain>
<cmd_max>{number(NO_LIMIT)}</cmd_max><cmd_min>{number(-NO_LIMIT)}</cmd_min>"""
        parts.append(plugin("joint-position-controller", "JointPositionController", settings))
    return "".join(parts)
