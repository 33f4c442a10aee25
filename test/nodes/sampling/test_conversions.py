# SPDX-License-Identifier: Apache-2.0
from dataclasses import fields, replace

import numpy as np
import pytest

from vi_ik_ros.nodes.sampling import conversions
from vi_ik_ros.nodes.sampling.served_models import ListedModel
from vi_ik_ros.sampling.warm_start.solver import SampleAnswer, SampleRequest
from vi_ik_ros.srv import SampleConfigurations


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def request_(rng):
    return SampleRequest(
        targets=rng.normal(size=(3, 7)),
        context=np.empty(0),
        num_samples=12,
        seed=2**64 - 1,
        temperature=0.75,
        refine=True,
        position_tolerance=1e-3,
        orientation_tolerance=2e-3,
        distinct_tolerance=0.3,
        reference=rng.normal(size=7),
        reference_max_distance=1.5,
        tip_frame="hand",
        tip_offset=rng.normal(size=7),
        avoid_self_collision=True,
        timeout=0.25,
        obstacles=(
            {"type": "sphere", "center": [0.1, 0.2, 0.3], "radius": 0.25},
            {"type": "half_space", "point": [0.0, 0.0, 0.0], "normal": [0.0, 0.0, 2.0]},
        ),
        obstacle_margin=0.125,
    )


@pytest.fixture
def answer(rng):
    rows = 5
    return SampleAnswer(
        model_digest="ab" * 32,
        joint_names=("a", "b", "c"),
        counts=np.array([2, 0, 3], np.uint32),
        positions=rng.normal(size=(rows, 3)),
        log_prob=np.array([1.0, np.nan, -np.inf, 0.0, 2.5]),
        seed_log_prob=rng.normal(size=rows),
        component=np.array([0, 1, 2**32 - 1, 3, 4], np.uint32),
        position_error=rng.uniform(size=rows),
        orientation_error=np.full(rows, np.nan),
        iterations=np.arange(rows, dtype=np.uint32),
        converged=np.array([True, False, True, True, False]),
        source=np.array([0, 1, 2, 0, 0], np.uint8),
        target_status=np.array([0, 2, 1], np.uint8),
        target_msg=("", "out of reach", "3 of 4"),
        elapsed=0.125,
        checked=np.array([9, 0, 3], np.uint32),
        survived=np.array([2, 0, 3], np.uint32),
        ess=np.array([1.5, 0.0, 3.0]),
        log_weight=-rng.uniform(size=rows),
        out_of_distribution=np.array([False, True, False]),
        context_distance=np.array([0.25, 7.5, np.nan]),
        context_distance_limit=1.25,
        redraw_rate=0.0625,
    )


def assert_same(one, other):
    for entry in fields(one):
        a, b = getattr(one, entry.name), getattr(other, entry.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, entry.name
            np.testing.assert_array_equal(a, b, err_msg=entry.name)
        else:
            assert a == b, entry.name


def test_request_survives_the_message(request_):
    message = conversions.request_to_msg(request_, "m", "base")
    assert (message.model, message.header.frame_id) == ("m", "base")
    assert_same(conversions.request_from_msg(message), request_)


def test_context_request_survives_the_message(request_):
    request = replace(request_, targets=np.empty((0, 7)), context=np.arange(6.0))
    assert_same(conversions.request_from_msg(conversions.request_to_msg(request)), request)


def test_empty_request_has_the_defaults_of_the_service():
    request = conversions.request_from_msg(SampleConfigurations.Request())
    assert request.targets.shape == (0, 7)
    assert request.num_samples == 0
    assert request.reference.shape == (0,)
    assert request.distinct_tolerance == 0.0


def test_targets_in_the_base_frame_replace_those_of_the_message(request_):
    moved = np.zeros((3, 7))
    message = conversions.request_to_msg(request_)
    np.testing.assert_array_equal(conversions.request_from_msg(message, moved).targets, moved)


def test_answer_survives_the_message(answer):
    assert_same(conversions.answer_from_msg(conversions.answer_to_msg(answer)), answer)


def test_answer_without_rows_keeps_its_columns(answer):
    none = {
        entry.name: getattr(answer, entry.name)[:0]
        for entry in fields(answer)
        if isinstance(getattr(answer, entry.name), np.ndarray)
    }
    empty = replace(answer, **none)
    back = conversions.answer_from_msg(conversions.answer_to_msg(empty))
    assert back.positions.shape == (0, 3)


def test_arrays_are_row_major(answer):
    columns = replace(answer, positions=np.asfortranarray(answer.positions))
    message = conversions.answer_to_msg(columns)
    np.testing.assert_array_equal(message.positions, answer.positions.ravel())


def test_refused_model_has_only_name_and_reason():
    from builtin_interfaces.msg import Time

    listed = ListedModel({}, "", "it is newer")
    info = conversions.model_info_to_msg("m", listed, is_default=True, stamp=Time(sec=3))
    assert (info.name, info.refusal, info.stamp.sec) == ("m", "it is newer", 3)
    assert info.family == ""
