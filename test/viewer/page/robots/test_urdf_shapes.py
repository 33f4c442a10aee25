# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pinocchio as pin
import pytest
import trimesh

from vi_ik_ros.exceptions import RobotError
from vi_ik_ros.kinematics.pinocchio_model import full_model, lock_joints
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.viewer.page.robots import urdf_shapes as module
from vi_ik_ros.viewer.page.robots.link_shapes import shape_poses
from vi_ik_ros.viewer.page.robots.urdf_shapes import coarser, urdf_shapes


@pytest.mark.parametrize("name", ["panda", "racer5"])
def test_shapes_are_where_pinocchio_puts_the_geometry(name):
    robot = RobotModel.load(name)
    q = np.random.default_rng(2).uniform(robot.lower, robot.upper, (1, robot.nq))
    full = full_model(robot.urdf_text, robot.description)
    kind = pin.GeometryType.VISUAL
    whole = pin.buildGeomFromUrdfString(full, robot.urdf_text, kind)
    model, geometry = lock_joints(full, robot.locked, whole)
    data, placed = model.createData(), geometry.createData()
    pin.updateGeometryPlacements(model, data, geometry, placed, robot.to_pinocchio(q)[0])
    shapes = urdf_shapes(robot)
    assert len(shapes) == geometry.ngeoms
    for shape, T_root_shape, expected in zip(
        shapes, shape_poses(robot, shapes, q), placed.oMg, strict=True
    ):
        np.testing.assert_allclose(T_root_shape[0], expected.homogeneous, atol=1e-9)
        assert shape.faces.max() < len(shape.vertices)


@pytest.mark.slow
def test_a_body_of_meshes_is_made_coarser():
    shapes = urdf_shapes(RobotModel.load("talos"))
    assert len({shape.name for shape in shapes}) == len(shapes)
    assert sum(len(shape.faces) for shape in shapes) < 120_000


def test_a_coarser_sphere_is_still_that_sphere():
    sphere = trimesh.creation.icosphere(5)
    vertices, faces = coarser(sphere.vertices, sphere.faces)
    assert len(faces) < 0.4 * len(sphere.faces)
    made = trimesh.Trimesh(vertices, faces)
    assert np.abs(np.linalg.norm(vertices, axis=1) - 1.0).max() < 2.0 / module.CELLS
    assert abs(made.volume) == pytest.approx(sphere.volume, rel=0.05)


def test_a_urdf_that_shows_nothing_is_refused(tmp_path):
    path = tmp_path / "bare.urdf"
    path.write_text(
        '<robot name="bare"><link name="a"/><link name="b"/><joint name="j" type="revolute">'
        '<parent link="a"/><child link="b"/><axis xyz="0 0 1"/>'
        '<limit lower="-1" upper="1" effort="1" velocity="1"/></joint></robot>'
    )
    with pytest.raises(RobotError, match="<visual>"):
        urdf_shapes(RobotModel.load(path))
