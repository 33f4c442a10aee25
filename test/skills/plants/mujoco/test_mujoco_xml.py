# SPDX-License-Identifier: Apache-2.0
import xml.etree.ElementTree as ElementTree

from vi_ik_ros.skills.plants.mujoco.mujoco_xml import model_xml
from vi_ik_ros.skills.plants.scene import load_scene


def test_the_model_is_plain_xml_with_the_numbers_of_the_scene():
    scene = load_scene("screw_slot")
    option = ElementTree.fromstring(model_xml(scene, 1 / 850)).find("option")
    assert option.get("integrator") == "implicitfast" and option.get("cone") == "elliptic"
    assert float(option.get("timestep")) == 1 / 850 and option.get("gravity") == "0 0 0"
