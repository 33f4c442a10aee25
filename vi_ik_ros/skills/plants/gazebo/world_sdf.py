# SPDX-License-Identifier: Apache-2.0
"""A scene as a world of Gazebo (SDF 1.9), whose frame is base_link."""

import math
import xml.etree.ElementTree as ElementTree

from vi_ik_ros.skills.plants.gazebo.elements import box, number, plugin, pose, solid
from vi_ik_ros.skills.plants.gazebo.tool_sdf import tool_model
from vi_ik_ros.skills.plants.gazebo.topics import world_name
from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.geometry.plate_boxes import plate_boxes

STEP_RATE = 1000  # [Hz], least
GREY = "0.6 0.62 0.66"


def world_sdf(scene: Scene) -> str:
    """Write the world.

    The plate is at its pose in the scene: give `scene.drawn(seed)` for that of an episode. There
    is no gravity, as after a tare.

    Args:
        scene: whose plate, recess, tool, friction, servo and sensor are in it.

    Raises:
        InvalidInput: its name is not made for topics.
    """
    engine = "<engine><filename>gz-physics-dartsim-plugin</filename></engine>"
    world = ElementTree.fromstring(f"""
<sdf version="1.9">
  <world name="{world_name(scene)}">
    <physics name="contact" type="dart">
      <max_step_size>{number(time_step(scene))}</max_step_size>
      <real_time_factor>1</real_time_factor>
      <dart>
        <collision_detector>ode</collision_detector>
        <solver><solver_type>dantzig</solver_type></solver>
      </dart>
    </physics>
    <gravity>0 0 0</gravity>
    {plugin("physics", "Physics", engine)}
    {plugin("user-commands", "UserCommands")}
    {plugin("scene-broadcaster", "SceneBroadcaster")}
    {plugin("forcetorque", "ForceTorque")}
    <light name="sun" type="directional">
      <pose>0 0 2 0 0 0</pose>
      <direction>-0.3 0.3 -1</direction>
    </light>
    {_plate(scene)}
    {tool_model(scene)}
  </world>
</sdf>""")
    ElementTree.indent(world)
    return _header(scene) + ElementTree.tostring(world, encoding="unicode") + "\n"


def time_step(scene: Scene) -> float:
    """Return the longest step [s] below a millisecond that ticks and samples are multiples of."""
    common = math.lcm(scene.control_rate, scene.force_torque.rate)
    return 1.0 / (common * math.ceil(STEP_RATE / common))


def _header(scene: Scene) -> str:
    """Say where the file comes from."""
    return f"""\
<?xml version="1.0"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Generated from the scene {world_name(scene)} by `vi-ik world`: change that and write this anew.
     SI units. The world is base_link. Topics, units and signs: docs/gazebo.md. -->
"""


def _plate(scene: Scene) -> str:
    """Write the plate, which stands still."""
    parts = []
    for name, sides in plate_boxes(scene).items():
        place = pose(0.5 * (low + high) for low, high in sides)
        size = box(high - low for low, high in sides)
        parts.append(solid(name, place, size, GREY, scene.friction))
    return f"""
<model name="plate">
  <static>true</static>
  {pose(scene.plate.pose)}
  <link name="plate">{"".join(parts)}
  </link>
</model>"""
