# SPDX-License-Identifier: Apache-2.0
"""A scene as a model of MuJoCo (MJCF); where plate and tool are is set afterwards, not here."""

from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.geometry.plate_boxes import plate_boxes
from vi_ik_ros.skills.plants.scene.geometry.tool_body import BLADE_HEIGHT, INERTIA, blades
from vi_ik_ros.skills.plants.scene.parts import Tool

AXES = {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}


def model_xml(scene: Scene, time_step: float) -> str:
    """Write the model.

    All contacts belong to one tool, so MuJoCo need not look for islands of them.

    Args:
        scene: whose plate, recess, tool, friction and servo are in it.
        time_step: of the integrator [s].
    """
    tool, servo = scene.tool, scene.servo
    return f"""
<mujoco model="{scene.recess.shape}">
  <compiler angle="radian" autolimits="true" inertiafromgeom="false"/>
  <option timestep="{time_step!r}" integrator="implicitfast" cone="elliptic" impratio="3"
          gravity="0 0 0">
    <flag island="disable"/>
  </option>
  <default>
    <geom condim="3" friction="{scene.friction!r} 0.005 0.0001" solref="0.004 1"
          solimp="0.95 0.99 0.0002" contype="0" conaffinity="0"/>
    <default class="plate"><geom contype="1" rgba="0.6 0.62 0.66 1"/></default>
    <default class="tip"><geom conaffinity="1" rgba="0.85 0.6 0.2 1"/></default>
    <default class="seen"><geom rgba="0.3 0.33 0.38 1"/></default>
  </default>
  <worldbody>
    <body name="plate">{_plate(scene)}
    </body>
    <body name="flange">
      <inertial pos="0 0 0" mass="{servo.mass!r}" diaginertia="{_row([servo.inertia] * 3)}"/>
      {_joints("slide", "slide")}
      {_joints("turn", "hinge")}
      <body name="tool">
        <inertial pos="0 0 {-0.5 * tool.sensor_to_tip!r}" mass="{tool.mass!r}"
                  diaginertia="{_row([INERTIA] * 3)}"/>
        {_springs(tool)}
        {_tip(scene)}
        <geom class="seen" type="cylinder" size="0.004"
              fromto="0 0 {-tool.sensor_to_tip!r} 0 0 {-BLADE_HEIGHT!r}"/>
        <site name="sensor" pos="0 0 {-tool.sensor_to_tip!r}" size="0.001"/>
        <site name="tip" size="0.0002" rgba="1 0 0 1"/>
      </body>
    </body>
  </worldbody>
  <actuator>{_servos(scene)}
  </actuator>
  <sensor>
    <force name="force" site="sensor"/>
    <torque name="torque" site="sensor"/>
  </sensor>
</mujoco>"""


def _plate(scene: Scene) -> str:
    """Write the geometry of the plate."""
    lines = []
    for name, sides in plate_boxes(scene).items():
        middle = _row([0.5 * (low + high) for low, high in sides])
        half = _row([0.5 * (high - low) for low, high in sides])
        lines.append(f'<geom name="{name}" class="plate" type="box" pos="{middle}" size="{half}"/>')
    return "".join(f"\n      {line}" for line in lines)


def _joints(name: str, kind: str) -> str:
    """Write three joints of the flange, along or about the axes of base_link."""
    return "".join(
        f'<joint name="{name}_{letter}" type="{kind}" axis="{axis}"/>'
        for letter, axis in AXES.items()
    )


def _springs(tool: Tool) -> str:
    """Write the joints between flange and tool, along the tool's axes."""
    springs = zip(AXES.items(), tool.stiffness, tool.damping, strict=True)
    return "".join(
        f'<joint name="spring_{letter}" type="slide" axis="{axis}"'
        f' stiffness="{stiffness!r}" damping="{damping!r}"/>'
        for (letter, axis), stiffness, damping in springs
    )


def _tip(scene: Scene) -> str:
    """Write the blades: edge and box above."""
    lines = []
    for blade in blades(scene):
        r, reach = blade.radius, blade.reach
        x, y = (0, reach) if blade.along == "y" else (reach, 0)
        ends = [-x, -y, -r, x, y, -r]
        lines.append(
            f'<geom class="tip" type="capsule" size="{r!r}" fromto="{_row(ends)}"/>'
            f'<geom class="tip" type="box" pos="0 0 {blade.box_middle!r}"'
            f' size="{_row([*blade.box_half])}"/>'
        )
    return "".join(lines)


def _servos(scene: Scene) -> str:
    """Write the position servos of the flange's joints, in their order."""
    servo, lines = scene.servo, []
    for name, mass in (("slide", servo.mass), ("turn", servo.inertia)):
        stiffness, damping = servo.gains(mass)
        lines += [
            f'<position joint="{name}_{letter}" kp="{stiffness!r}" kv="{damping!r}"/>'
            for letter in AXES
        ]
    return "".join(f"\n    {line}" for line in lines)


def _row(numbers: list[float]) -> str:
    return " ".join(repr(float(number)) for number in numbers)
