# SPDX-License-Identifier: Apache-2.0
import threading
from dataclasses import replace

import numpy as np
import pytest

from vi_ik_ros.exceptions import ContextError
from vi_ik_ros.viewer.page.sample.target_controls import TargetControls

VECTOR = {"name": "reach", "kind": "vector", "size": 2, "unit": "m"}


@pytest.fixture
def show(server, sampler):
    def make(name, *entries, more=()):
        model = sampler.model(name)
        model = replace(
            model,
            entries=(*model.entries, *entries),
            context=np.concatenate([model.context, np.array(more, dtype=float)]),
        )
        changed = threading.Event()
        folder = server.gui.add_folder("context")
        controls = TargetControls(server, folder, model, changed.set)
        return controls, model, changed

    return make


@pytest.mark.parametrize("name", ["arm", "spot"])
def test_controls_begin_at_the_usual_context(show, name):
    controls, model, _ = show(name)
    np.testing.assert_allclose(controls.context(), model.context, atol=1e-12)


def test_a_dragged_gizmo_is_the_pose(show):
    controls, _, _ = show("arm")
    gizmo = controls.gizmos["hand"]
    gizmo.position, gizmo.wxyz = (0.1, 0.2, 0.3), (0.0, 1.0, 0.0, 0.0)
    np.testing.assert_allclose(controls.context(), [0.1, 0.2, 0.3, 1.0, 0.0, 0.0, 0.0])


def test_other_numbers_are_typed_and_changes_told(show):
    controls, model, changed = show("spot", VECTOR, more=(0.25, -1.0))
    np.testing.assert_allclose(controls.context(), model.context)
    controls.fields["reach"].value = "0.5, 2"
    np.testing.assert_allclose(controls.context()[3:], [0.5, 2.0])
    assert changed.wait(30.0)  # [s]


@pytest.mark.parametrize("text", ["1", "1 2 3", "one two", "1 nan", ""])
def test_wrong_numbers_are_refused_by_name(show, text):
    controls, _, _ = show("spot", VECTOR, more=(0.0, 0.0))
    controls.fields["reach"].value = text
    with pytest.raises(ContextError, match="reach: got .*expected 2 numbers"):
        controls.context()


def test_removed_controls_leave_the_scene(show, server):
    controls, _, _ = show("arm")
    controls.remove()
    assert server.scene.get_handle_by_name("/target_hand") is None
