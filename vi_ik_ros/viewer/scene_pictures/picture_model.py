# SPDX-License-Identifier: Apache-2.0
"""A scene as a model of MuJoCo that is only looked at: cut open, lit, in millimetres.

The frame is that of the plate: the recess stays where it is, the tool moves.
"""

import io

import numpy as np
from PIL import Image

from vi_ik_ros.skills.plants.scene import Scene
from vi_ik_ros.skills.plants.scene.geometry.plate_boxes import Side, plate_boxes
from vi_ik_ros.skills.plants.scene.geometry.tool_body import BLADE_HEIGHT, blades

MILLIMETRES = 1e3
FIELD_OF_VIEW = 14.0  # [deg], vertical; narrow, so that parallel edges look parallel
SHANK_RADIUS, SHANK_LENGTH = 2.0, 30.0  # [mm]
SHEET = 0.01  # [mm], thickness of the cut face, in front of what was cut
SHEET_SIDES = "0 1 2 0 2 3 5 4 7 5 7 6 4 0 3 4 3 7 1 5 6 1 6 2 3 2 6 3 6 7 4 5 1 4 1 0"  # triangles
HATCH_FILE, HATCH = "hatch.png", 0.8  # [mm], from line to line
HATCH_PIXELS = 128
CUT, CUT_LINE = (190, 197, 207), (168, 175, 186)


def picture_assets() -> dict[str, bytes]:
    """Return the files that the model needs: a tile with a slanted line, for the cut face."""
    row, column = np.mgrid[:HATCH_PIXELS, :HATCH_PIXELS]
    is_line = (row + column) % HATCH_PIXELS < HATCH_PIXELS // 9
    tile = np.where(is_line[..., None], CUT_LINE, CUT).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(tile).save(buffer, format="png")
    return {HATCH_FILE: buffer.getvalue()}


def picture_xml(scene: Scene, width: int, height: int) -> str:
    """Write the model.

    Args:
        scene: whose plate, recess and tool are in it; the tool is the mocap body.
        width: of pictures [pixels].
        height: the same.
    """
    sheets, boxes = _plate(scene)
    return f"""
<mujoco model="picture of {scene.name}">
  <statistic center="0 0 0" extent="12"/>
  <visual>
    <global offwidth="{width}" offheight="{height}" fovy="{FIELD_OF_VIEW}"/>
    <quality shadowsize="2048" offsamples="4"/>
    <headlight ambient="0.57 0.57 0.58" diffuse="0.3 0.3 0.3" specular="0 0 0"/>
    <map znear="0.5" zfar="40" shadowclip="2"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1="0.96 0.965 0.975"
             rgb2="0.80 0.83 0.87" width="64" height="384"/>
    <texture name="hatch" type="2d" file="{HATCH_FILE}"/>
    <material name="steel" rgba="0.70 0.725 0.76 1" specular="0.3" shininess="0.4"/>
    <material name="cut" texture="hatch" specular="0"/>
    <material name="blade" rgba="0.98 0.65 0.26 1" specular="0.5" shininess="0.6"/>
    <material name="shank" rgba="0.30 0.34 0.40 1" specular="0.5" shininess="0.6"/>
    {sheets}
  </asset>
  <worldbody>
    <light directional="true" pos="6 0 60" dir="-0.1 0 -1" diffuse="0.38 0.37 0.36"
           specular="0.4 0.4 0.4"/>
    {boxes}
    <body name="tool" mocap="true">
      {_tool(scene)}
    </body>
  </worldbody>
</mujoco>"""


def section(scene: Scene) -> float:
    """Return y of the plane that the plate is cut at, in its frame [mm]: at an end of the blade."""
    return -0.5 * MILLIMETRES * scene.tool.blade


def _plate(scene: Scene) -> tuple[str, str]:
    """Write what is left of the plate behind the section: sheets of the cut face; all of it."""
    sheets, boxes, cut = [], [], section(scene)
    for name, sides in plate_boxes(scene).items():
        x, y, z = ((MILLIMETRES * low, MILLIMETRES * high) for low, high in sides)
        if y[1] <= cut:
            continue
        if y[0] < cut:
            sheets.append(_sheet(name, x, cut, z))
            boxes.append(f'<geom type="mesh" mesh="{name}" material="cut"/>')
        boxes.append(_box(x, (max(y[0], cut), y[1]), z))
    return "\n    ".join(sheets), "\n    ".join(boxes)


def _box(x: Side, y: Side, z: Side) -> str:
    """Write one box of the plate."""
    middle = " ".join(f"{0.5 * (low + high):.6g}" for low, high in (x, y, z))
    half = " ".join(f"{0.5 * (high - low):.6g}" for low, high in (x, y, z))
    return f'<geom type="box" pos="{middle}" size="{half}" material="steel"/>'


def _sheet(name: str, x: Side, y: float, z: Side) -> str:
    """Write a sheet in front of y, whose texture goes on over the next one without a seam."""
    corners = [(x[0], z[0]), (x[1], z[0]), (x[1], z[1]), (x[0], z[1])]
    vertices = " ".join(f"{a:.6g} {y - d} {b:.6g}" for d in (SHEET, 0.0) for a, b in corners)
    places = " ".join(f"{a / HATCH:.6g} {b / HATCH:.6g}" for a, b in 2 * corners)
    return (
        f'<mesh name="{name}" vertex="{vertices}" texcoord="{places}" face="{SHEET_SIDES}"'
        ' inertia="shell" smoothnormal="false"/>'
    )


def _tool(scene: Scene) -> str:
    """Write the blades and the shank above them."""
    lines = []
    for blade in blades(scene):
        r, reach = MILLIMETRES * blade.radius, MILLIMETRES * blade.reach
        x, y = (0.0, reach) if blade.along == "y" else (reach, 0.0)
        half = " ".join(f"{MILLIMETRES * side:.6g}" for side in blade.box_half)
        lines += [
            f'<geom type="capsule" size="{r:.6g}" fromto="{-x} {-y} {-r} {x} {y} {-r}"'
            ' material="blade"/>',
            f'<geom type="box" pos="0 0 {MILLIMETRES * blade.box_middle:.6g}" size="{half}"'
            ' material="blade"/>',
        ]
    low = -MILLIMETRES * BLADE_HEIGHT
    lines.append(
        f'<geom type="cylinder" size="{SHANK_RADIUS}" fromto="0 0 {low} 0 0 {low - SHANK_LENGTH}"'
        ' material="shank"/>'
    )
    return "\n      ".join(lines)
