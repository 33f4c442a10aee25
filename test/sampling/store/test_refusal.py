# SPDX-License-Identifier: Apache-2.0
import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import save

from vi_ik_ros.exceptions import ModelRefused
from vi_ik_ros.sampling.models.amortized_mixture import AmortizedMixture
from vi_ik_ros.sampling.models.families import FAMILIES


@pytest.fixture
def written(store, make_model, document):
    store.write(store.root / "hand", make_model(), document)
    return store


def edit(store, **changes):
    """Change keys of model.json; a dotted key goes deeper, None removes it."""
    path = store.root / "hand" / "model.json"
    document = json.loads(path.read_text())
    for key, value in changes.items():
        *parents, last = key.split("__")
        target = document
        for parent in parents:
            target = target[parent]
        if value is None:
            del target[last]
        else:
            target[last] = value
    path.write_text(json.dumps(document))


def refusal(store, robot=None):
    with pytest.raises(ModelRefused) as caught:
        store.load("hand", robot)
    text = str(caught.value)
    assert "hand" in text and len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schema_version": 2}, "newer"),
        ({"schema_version": None}, "foreign"),
        ({"schema_version": "1"}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"family": "sorcery"}, "one of affine, amortized"),
        ({"family": None}, "family: got nothing"),
        ({"num_dims": 2.5}, "num_dims"),
        ({"num_dims": 3}, "num_dims"),
        ({"num_components": 7}, "num_components"),
        ({"bound": "yes"}, "bound"),
        ({"context": []}, "context size"),
        ({"context": [7]}, "context[0]"),
        ({"robot__lower": [0.0]}, "robot.lower"),
        ({"robot__upper": None}, "robot.upper"),
        ({"robot__joint_names": "ab"}, "robot.joint_names"),
        ({"weights__file": "../../secret"}, "weights.file"),
        ({"weights__bytes": 3}, "truncated"),
        ({"weights__sha256": "0" * 64}, "damaged"),
        ({"options": {"shape": [9, 9]}}, "tensor matrix"),
        ({"options": {}}, "KeyError"),
    ],
)
def test_a_changed_document_is_refused_with_the_reason(written, changes, reason):
    edit(written, **changes)
    assert reason in refusal(written)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_a_missing_file_is_named(written, name):
    (written.root / "hand" / name).unlink()
    assert f"no {name}" in refusal(written)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_document_that_is_no_json_mapping_is_refused(written, text):
    (written.root / "hand" / "model.json").write_bytes(text)
    refusal(written)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_a_file_cut_anywhere_is_refused(written, name):
    path = written.root / "hand" / name
    whole = path.read_bytes()
    end = len(whole.rstrip())
    for length in np.random.default_rng(0).integers(0, end, size=40):
        path.write_bytes(whole[:length])
        refusal(written)
    path.write_bytes(whole)
    written.load("hand")


def test_one_changed_byte_of_the_weights_is_refused(written):
    path = written.root / "hand" / "weights.safetensors"
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    assert "damaged" in refusal(written)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not weights at all", "no safetensors file"),
        (save({"other": np.zeros(3, np.float32)}), "tensor matrix: got nothing"),
        (save({"matrix": np.zeros((3, 2), np.float32)}), "tensor matrix"),
        (save({"matrix": np.full((2, 3), np.nan, np.float32)}), "finite"),
    ],
)
def test_weights_that_match_their_checksum_are_still_checked(written, content, reason):
    (written.root / "hand" / "weights.safetensors").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    edit(written, weights__bytes=len(content), weights__sha256=sha256)
    assert reason in refusal(written)


def test_the_robot_must_have_the_same_joints_and_limits(written, robot):
    written.load("hand", robot)
    robot.upper = np.array([1.0, 2.0 + 1e-9])
    written.load("hand", robot)
    robot.upper = np.array([1.0, 2.5])
    assert "robot.upper of b: got 2, expected 2.5" in refusal(written, robot)
    robot.joint_names = ("b", "a")
    assert "robot.joint_names" in refusal(written, robot)


def test_every_family_refuses_options_of_another(written, monkeypatch):
    assert FAMILIES["amortized"] is AmortizedMixture
    edit(written, family="amortized")
    assert "options" in refusal(written)
