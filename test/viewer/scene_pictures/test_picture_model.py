# SPDX-License-Identifier: Apache-2.0
import mujoco
import numpy as np

from vi_ik_ros.skills.plants.scene.geometry.plate_boxes import plate_boxes
from vi_ik_ros.viewer.scene_pictures.picture_model import picture_assets, picture_xml, section


def model_of(scene):
    return mujoco.MjModel.from_xml_string(picture_xml(scene, 320, 200), picture_assets())


def test_nothing_of_the_plate_is_before_the_section(scene):
    model = model_of(scene)
    is_box = (model.geom_bodyid == 0) & (model.geom_type == mujoco.mjtGeom.mjGEOM_BOX)
    nearest = (model.geom_pos - model.geom_size)[is_box, 1]
    assert len(nearest) and nearest.min() >= section(scene)


def test_what_is_cut_has_a_face_of_its_own(scene):
    along_y = [y for _, y, _ in plate_boxes(scene).values()]
    cut = [y for y in along_y if 1e3 * y[0] < section(scene) < 1e3 * y[1]]
    assert model_of(scene).nmesh == len(cut) == 3  # before, behind and below the recess


def test_the_tool_is_moved_and_nothing_else(scene):
    model = model_of(scene)
    assert (model.nmocap, model.nv) == (1, 0)
    assert (model.vis.global_.offwidth, model.vis.global_.offheight) == (320, 200)


def test_the_blades_are_those_of_the_simulation(scene):
    model = model_of(scene)
    is_edge = model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE
    assert is_edge.sum() == {"slot": 1, "cross": 2}[scene.recess.shape]
    np.testing.assert_allclose(model.geom_size[is_edge, 0], 1e3 * scene.tool.tip_radius)
    lengths = 2.0 * model.geom_size[is_edge, :2].sum(axis=1)
    np.testing.assert_allclose(lengths, 1e3 * scene.tool.blade)
