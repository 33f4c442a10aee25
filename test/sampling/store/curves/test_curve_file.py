# SPDX-License-Identifier: Apache-2.0
"""The file of a curve, and how the store keeps it beside a model."""

import csv
import io
import math

import pytest

from vi_ik_ros.exceptions import ModelNotFound, ModelRefused
from vi_ik_ros.sampling.store.adoption import adopt
from vi_ik_ros.sampling.store.curves.curve_file import CURVE_FILE, curve_bytes, parse_curve
from vi_ik_ros.sampling.store.curves.training_curve import CurvePoint, TrainingCurve

CURVE = TrainingCurve(
    (
        CurvePoint(1, 0.25, 0.5, 0.25, 0, {"loss": 3.0}),
        CurvePoint(2, 0.5, 1.0, math.nan, 4, {"loss": -math.inf, "ELBO": -1.5}),
        CurvePoint(9, 1.0, 2.125, 1.5, 3, {"loss": 0.125, "ELBO": math.nan}),
    )
)
CONTENT = curve_bytes(CURVE)


def plain(curve):
    """The points without figures that are no numbers."""
    return [
        (p.step, p.fraction, p.seconds, str(p.processor_seconds), p.num_components)
        + tuple(sorted((k, v) for k, v in p.figures.items() if not math.isnan(v)))
        for p in curve.points
    ]


def test_a_curve_is_read_back():
    assert plain(parse_curve(CONTENT, "arm")) == plain(CURVE)
    assert curve_bytes(parse_curve(CONTENT, "arm")) == CONTENT


def test_other_programs_find_names_with_units_and_empty_cells_without_numbers():
    first, second, third = csv.DictReader(io.StringIO(CONTENT.decode()))
    assert list(first)[:5] == ["update", "done", "time [s]", "processor time [s]", "components"]
    assert (first["ELBO [nat]"], first["components"], second["processor time [s]"]) == ("",) * 3
    assert (float(second["ELBO [nat]"]), float(second["loss"])) == (-1.5, -math.inf)
    assert (third["update"], third["time [s]"], third["ELBO [nat]"]) == ("9", "2.125", "")


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (b"", "got another file, expected the columns update, done"),
        (b"step,loss\n1,2\n", "got another file"),
        (b"\xff\xfe" + CONTENT, "got no text"),
        (CONTENT[:-3], "got half a line at the end"),
        (CONTENT.replace(b"1.0", b"one"), "training_curve.csv:3: got 2,0.5,one"),
        (CONTENT.replace(b"\n9,", b"\n2,"), "training_curve.csv:4: got 2,1,2.125"),
        (CONTENT.replace(b",-1.5\n", b"\n"), "training_curve.csv:3"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(damaged, says):
    assert damaged != CONTENT
    with pytest.raises(ModelRefused) as refusal:
        parse_curve(damaged, "arm")
    assert str(refusal.value).startswith("arm training_curve.csv") and says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_store_keeps_the_curve_and_the_digest_does_not_know_it(store, make_model, document):
    place = store.root / "hand"
    bare = store.write(place, make_model(), document)
    assert store.curve("hand") is None
    files = {name: (place / name).read_bytes() for name in ("model.json", "weights.safetensors")}

    assert store.write(place, make_model(), document, curve=CURVE) == bare
    assert store.load("hand").digest == bare
    assert plain(store.curve("hand")) == plain(store.curve(place)) == plain(CURVE)
    assert {name: (place / name).read_bytes() for name in files} == files

    store.write(place, make_model(2.0), document)
    assert store.curve("hand") is None, "it is that of another fit"
    assert not (place / CURVE_FILE).exists()


def test_a_curve_without_points_is_no_file(store, make_model, document):
    store.write(store.root / "hand", make_model(), document, curve=TrainingCurve())
    assert store.curve("hand") is None


def test_a_damaged_curve_leaves_the_model_usable(store, make_model, document):
    digest = store.write(store.root / "hand", make_model(), document, curve=CURVE)
    (store.root / "hand" / CURVE_FILE).write_bytes(CONTENT[:-3])
    assert store.load("hand").digest == digest
    with pytest.raises(ModelRefused, match="hand training_curve.csv: got half a line"):
        store.curve("hand")


def test_only_models_have_curves(store):
    with pytest.raises(ModelNotFound):
        store.curve("hand")


def test_an_adopted_model_brings_its_curve(store, make_model, document, tmp_path):
    fitted = tmp_path / "work" / "hand"
    fitted.parent.mkdir()
    store.write(fitted, make_model(), document, curve=CURVE)
    assert adopt(store, fitted, "hand").adopted
    assert (store.root / "hand" / CURVE_FILE).read_bytes() == CONTENT
    better = document | {"scores": {"elbo": -0.5}}
    store.write(fitted, make_model(2.0), better)
    assert adopt(store, fitted, "hand").adopted
    assert store.curve("hand") is None
