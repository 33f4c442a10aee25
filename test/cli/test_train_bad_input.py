# SPDX-License-Identifier: Apache-2.0
"""Every wrong objectives file ends `vi-ik train` in one line that names the objective, and 2."""

import copy

import pytest
import yaml

from vi_ik_ros.cli.main import BAD_INPUT, main

VALID = {
    "robot": "planar2",
    "objectives": [
        {
            "name": "hand",
            "transform": {"type": "position", "frame": "tip", "axes": ["x", "y"]},
            "density": {"type": "normal", "mean": [1.0, 0.5], "std": 0.05},
        },
        {
            "name": "clear",
            "transform": {
                "type": "distance",
                "capsules": [{"frame": "tip", "end": [-0.1, 0, 0], "radius": 0.05}],
                "obstacles": [{"type": "half_space", "point": [0, 1, 0], "normal": [0, -1, 0]}],
            },
            "density": {"type": "normal_cdf", "lower": 0.0, "std": 0.01},
        },
    ],
}
HAND, CLEAR = "objectives.0", "objectives.1"


def changed(place, value):
    """A copy of the valid file with the value at `a.0.b` replaced."""
    document = copy.deepcopy(VALID)
    *parents, last = (int(key) if key.isdigit() else key for key in place.split("."))
    target = document
    for key in parents:
        target = target[key]
    target[last] = value
    return document


def train(tmp_path, capsys, text):
    """Exit code and what `vi-ik train` wrote to standard error."""
    path = tmp_path / "objectives.yaml"
    path.write_text(text)
    code = main(["train", str(path), "--out", str(tmp_path / "model"), "--family", "gaussian"])
    written = capsys.readouterr()
    assert written.out == "" and not (tmp_path / "model").exists()
    return code, written.err


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (f"{HAND}.density.std", 0, ["objectives[0].density.std: got 0", "positive", "hand"]),
        (f"{HAND}.density.std", -1.0, ["objectives[0].density.std: got -1.0", "positive"]),
        (f"{HAND}.density.std", [0.1, 0.0], ["list of 2", "hand"]),
        (f"{HAND}.density.std", 1e-12, ["a size from 1e-09 to 1e+18", "hand"]),
        (f"{HAND}.density.std", float("nan"), ["got nan", "positive", "hand"]),
        (f"{HAND}.density.std", "wide", ["got wide", "positive", "hand"]),
        (f"{HAND}.density.mean", [float("nan"), 0], ["2 finite numbers", "hand"]),
        (f"{HAND}.density.mean", [1e10, 0], ["a size from 0 to 1e+09", "hand"]),
        (f"{HAND}.density.mean", [10**400, 0], ["2 finite numbers", "hand"]),
        (f"{HAND}.density.mean", [1.0], ["objectives[0].density.mean: got [1.0]", "2 finite"]),
        (f"{HAND}.density.mean", {"x": 1}, ["2 finite numbers", "hand"]),
        (f"{HAND}.density.sdt", 0.1, ["density.sdt: got an unknown key", "std", "hand"]),
        (
            f"{HAND}.density",
            {"type": "normal", "mean": [0, 0], "covariance": [[1, 1], [1, 1]]},
            ["density.covariance", "singular", "raise its diagonal", "hand"],
        ),
        (
            f"{HAND}.density",
            {"type": "normal", "mean": [0, 0], "covariance": [[1e-4, 0], [0, 0]]},
            ["density.covariance", "variances from 1e-18", "hand"],
        ),
        (f"{HAND}.transform.frame", "hnad", ["transform.frame: got hnad", "tip", "hand"]),
        (f"{HAND}.transform.frame", 7, ["transform.frame: got 7", "one of", "hand"]),
        (f"{HAND}.name", "clear", ["objectives[1].name: got clear", "no other objective has"]),
        (f"{HAND}.name", "two\nlines", ["objectives[0].name", "a name"]),
        (f"{HAND}.weight", 2.0, ["objectives[0].weight: got an unknown key", "priority"]),
        (f"{HAND}.priority", -1, ["objectives[0].priority: got -1", "0 or more", "hand"]),
        (f"{CLEAR}.transform.obstacles.0.normal", [0, 0, 0], ["normal", "not all 0", "clear"]),
        (f"{CLEAR}.transform.capsules.0.end", [0, 0, 0], ["capsules[0].end", "clear"]),
        (
            f"{HAND}.density",
            {"type": "normal_cdf", "upper": 1.0, "directions": [[0, 0]], "std": 0.1},
            ["density.directions[0]", "not all 0", "hand"],
        ),
        ("objectives", 3, ["objectives: got 3", "a list of mappings"]),
        ("objectives.0", "hand", ["objectives[0]: got hand", "a mapping"]),
        ("robot", {"urdf": "planar2.urdf", 3: 4}, ["robot.3: got 4", "one of the keys"]),
        ("robot", "plannar2", ["robot: got plannar2", "planar2"]),
    ],
)
def test_the_line_names_place_value_and_what_to_change(tmp_path, capsys, place, value, words):
    code, error = train(tmp_path, capsys, yaml.safe_dump(changed(place, value)))
    assert code == BAD_INPUT and error.startswith("vi-ik train: ")
    assert error.count("\n") == 1 and "Traceback" not in error
    assert all(word in error for word in words), error


def test_all_objectives_of_later_priorities_are_refused(tmp_path, capsys):
    document = changed(f"{HAND}.priority", 1)
    document["objectives"][1]["priority"] = 2
    code, error = train(tmp_path, capsys, yaml.safe_dump(document))
    assert code == BAD_INPUT and "objectives[0].priority: got 1, expected 0" in error


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("robot: 2024-99-99\nobjectives: []", "plain numbers and texts"),
        (f"robot: planar2\nobjectives: {'9' * 5000}", "plain numbers and texts"),
        ("robot: planar2\nobjectives: [", "line 2"),
        ("", "a mapping"),
    ],
)
def test_files_that_are_no_plain_yaml_are_refused(tmp_path, capsys, text, words):
    code, error = train(tmp_path, capsys, text)
    assert code == BAD_INPUT and words in error and error.count("\n") == 1


def test_objectives_without_common_mass_are_named(tmp_path, capsys):
    other = copy.deepcopy(VALID["objectives"][0]) | {"name": "elsewhere"}
    other["density"] |= {"mean": [0.0, 0.5], "std": 1e-3}
    document = changed(f"{HAND}.density.std", 1e-3)
    document["objectives"].append(other)
    code, error = train(tmp_path, capsys, yaml.safe_dump(document))
    assert code == BAD_INPUT and error.count("\n") == 1
    words = ["objectives hand, elsewhere: got no common mass", "widen its std", "later priority"]
    assert all(word in error for word in words), error


def test_an_objective_outside_the_joint_limits_is_named(tmp_path, capsys):
    bent = {
        "name": "bent",
        "transform": {"type": "configuration", "joints": ["joint_2"]},
        "density": {"type": "normal_cdf", "lower": 3.6, "upper": 4.0, "std": 0.01},
    }
    code, error = train(tmp_path, capsys, yaml.safe_dump(changed("objectives", [bent])))
    assert code == BAD_INPUT and error.count("\n") == 1
    words = ["objective bent: got its mass outside the joint limits", "its limit is 3.12"]
    assert all(word in error for word in words), error


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--components", "0", "a whole number from 1 to 1,000,000"),
        ("--components", "1000001", "a whole number from 1 to 1,000,000"),
        ("--time-limit", "-1", "a number from 0.001 to 604,800"),
        ("--time-limit", "nan", "a number from 0.001 to 604,800"),
        ("--time-limit", "1e9", "a number from 0.001 to 604,800"),
        ("--blocks", "65", "a whole number from 1 to 64"),
        ("--batch-size", "0", "a whole number from 1 to 1,000,000"),
        ("--seed", "-1", "a whole number from 0 to 9,223,372,036,854,775,807"),
        ("--device", "gpu", "one of auto, cpu"),
        ("--family", "gan", "one of amortized"),
    ],
)
def test_an_option_out_of_its_range_is_named(tmp_path, capsys, option, value, expected):
    path = tmp_path / "objectives.yaml"
    path.write_text(yaml.safe_dump(VALID))
    assert main(["train", str(path), "--out", str(tmp_path / "m"), option, value]) == BAD_INPUT
    error = capsys.readouterr().err
    name = option.removeprefix("--") if option == "--family" else option
    assert error.count("\n") == 1 and f"{name}: got " in error and f"expected {expected}" in error
