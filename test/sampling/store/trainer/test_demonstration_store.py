# SPDX-License-Identifier: Apache-2.0
import array
import math
import sqlite3
import time
from contextlib import closing

import numpy as np
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.kinematics.robot_model import RobotModel
from vi_ik_ros.kinematics.wire_rows import read_named, to_wire, wire_names
from vi_ik_ros.sampling.store.trainer.demonstration_store import (
    DemonstrationStore,
    Verdict,
    read_demonstrations,
)
from vi_ik_ros.sampling.store.trainer.trainer_database import DATABASE_FILE, TrainerDatabase

ARM = ("shoulder", "elbow", "wrist")


@pytest.fixture
def database(tmp_path):
    opened = TrainerDatabase(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def store(database):
    return DemonstrationStore(database)


def verdicts(store, joint_names, rows):
    return [store.record(0, joint_names, row).verdict.value for row in rows]


def greedy(q, distance):
    """Keep a row if its largest joint difference to every kept row is not below `distance`."""
    kept = np.empty((0, q.shape[1]))
    for row in q:
        if (np.abs(kept - row).max(axis=1) >= distance).all():
            kept = np.vstack([kept, row])
    return kept


@pytest.mark.parametrize("distance", [0.0, 0.05, 0.3])
def test_a_walk_is_recorded_where_it_goes_to_new_places(database, distance):
    store = DemonstrationStore(database, distance=distance)
    walk = np.cumsum(np.random.default_rng(0).normal(0.0, 0.03, (100, 3)), axis=0)
    walk = np.concatenate([walk, walk[::-1] + 1e-9])
    verdicts(store, ARM, walk)
    expected = greedy(walk, distance)
    np.testing.assert_array_equal(store.configurations(ARM), expected)
    assert store.count == len(expected)


def test_the_order_of_the_names_does_not_matter(store):
    assert verdicts(store, ARM, [[0.1, 0.2, 0.3]]) == ["recorded"]
    assert verdicts(store, ARM[::-1], [[0.3, 0.2, 0.1], [0.1, 0.2, 0.3]]) == [
        "duplicate",
        "recorded",
    ]
    expected = [[0.2, 0.1], [0.2, 0.3]]
    np.testing.assert_array_equal(store.configurations(["elbow", "shoulder"]), expected)


def test_one_joint_that_moved_is_a_new_configuration(store):
    rows = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0199], [0.0, 0.0, 0.0201], [0.0, -1e308, 1e308]]
    assert verdicts(store, ARM, rows) == ["recorded", "duplicate", "recorded", "recorded"]
    assert verdicts(store, ARM, [[0.0, 1e308, 1e308]]) == ["recorded"]


def test_rows_with_all_joints_of_a_robot_come_oldest_first(store):
    for number in range(30):
        with_finger = ("finger", *ARM) if number % 3 == 0 else ARM
        store.record(number, with_finger, [float(number)] * len(with_finger))
        store.record(number, ARM[:2], [float(number)] * 2)
    assert store.count == 60
    q = store.configurations(ARM)
    np.testing.assert_array_equal(q, np.tile(np.arange(30.0)[:, None], 3))
    np.testing.assert_array_equal(store.configurations(ARM, num_latest=7), q[-7:])
    np.testing.assert_array_equal(store.configurations(ARM, num_latest=1000), q)
    assert store.configurations(["finger"]).shape == (10, 1)
    assert store.configurations(["knee", *ARM]).shape == (0, 4)


def test_the_next_trainer_has_them_and_goes_on(tmp_path):
    rows = np.random.default_rng(1).uniform(-3.0, 3.0, (90, 3))
    for part in (rows[:50], rows[:70], rows):
        with closing(TrainerDatabase(tmp_path)) as database:
            store = DemonstrationStore(database)
            for row in part:
                store.record(7, ARM, array.array("d", row))  # as a message holds them
            np.testing.assert_array_equal(store.configurations(ARM), part)
    np.testing.assert_array_equal(read_demonstrations(tmp_path / DATABASE_FILE, ARM), rows)


def test_a_reader_sees_what_a_running_trainer_has_recorded(tmp_path, store):
    path = tmp_path / DATABASE_FILE
    assert read_demonstrations(path, ARM).shape == (0, 3)
    store.record(0, ARM, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(read_demonstrations(path, ARM[::-1]), [[3.0, 2.0, 1.0]])


@pytest.mark.parametrize(
    ("names", "positions", "part"),
    [
        ([], [], "name: got 0 joints, expected 1 to 256"),
        ([f"j{i}" for i in range(257)], [0.0] * 257, "name: got 257 joints"),
        (ARM, [], "position: got 0 numbers, expected 3"),
        (ARM, [1.0] * 4, "position: got 4 numbers, expected 3"),
        (ARM, [0.0, math.nan, 0.0], "position of elbow: got nan, expected a finite number"),
        (ARM, [0.0, 0.0, -math.inf], "position of wrist: got -inf"),
        (["a", "b", "a"], [0.0] * 3, "name: got a twice, expected each joint once"),
        (["a", ""], [0.0] * 2, "name: got '', expected names of 1 to 256 characters"),
        (["a" * 257], [0.0], "expected names of 1 to 256 characters"),
    ],
)
def test_what_is_malformed_is_refused_with_the_reason(store, names, positions, part):
    for _ in range(2):
        recorded = store.record(0, names, positions)
        assert recorded.verdict is Verdict.REFUSED
        assert part in recorded.reason and "\n" not in recorded.reason
    assert store.count == 0


def test_a_full_store_refuses_new_rows_and_drops_none(tmp_path, database):
    store = DemonstrationStore(database, capacity=3)
    rows = [[float(number)] * 3 for number in range(5)]
    assert verdicts(store, ARM, rows) == ["recorded"] * 3 + ["refused"] * 2
    assert verdicts(store, ARM, rows[:1]) == ["duplicate"]
    assert "max_demonstrations = 3" in store.record(0, ARM, rows[4]).reason
    fewer = DemonstrationStore(database, capacity=1)
    assert fewer.count == 3
    assert verdicts(fewer, ARM, rows[4:]) == ["refused"]
    assert store.clear() == 3
    assert (store.count, len(store.configurations(ARM))) == (0, 0)
    assert verdicts(store, ARM, rows[:1]) == ["recorded"]
    assert DemonstrationStore(database).count == 1


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(database, store):
    first = store.record(0, ARM, [0.0] * 3)
    database.read("PRAGMA max_page_count = 1")  # no page more than there are
    wide = [f"joint_{number:03d}" for number in range(256)]
    rows = [[float(number)] * 256 for number in range(20)]
    told = [store.record(0, wide, row) for row in rows]
    count = sum(one.verdict is Verdict.RECORDED for one in told)
    assert (first.verdict, told[-1].verdict) == (Verdict.RECORDED, Verdict.REFUSED)
    assert "disk" in told[-1].reason and "full" in told[-1].reason
    assert store.count == DemonstrationStore(database).count == 1 + count
    database.read("PRAGMA max_page_count = 100000")
    assert store.record(0, wide, rows[-1]).verdict is Verdict.RECORDED


def test_ten_thousand_rows_are_searched_in_milliseconds(database):
    store = DemonstrationStore(database)
    joints = [f"joint_{number}" for number in range(7)]
    rows = np.random.default_rng(2).uniform(-2.5, 2.5, (10_000, 7))
    with database.transaction() as connection:  # as `record` writes them, in one commit
        place = "INSERT INTO demonstration (stamp, joint_names, positions) VALUES (0, ?, ?)"
        names = '["' + '", "'.join(joints) + '"]'
        connection.executemany(place, [(names, row.tobytes()) for row in rows])
    store = DemonstrationStore(database)
    assert store.count == 10_000
    seconds = []
    for row in rows[:200]:
        message = array.array("d", row + 0.001)
        started = time.perf_counter()
        verdict = store.record(0, joints, message).verdict
        seconds.append(time.perf_counter() - started)
        assert verdict is Verdict.DUPLICATE
    assert np.median(seconds) < 5e-3  # ten times what it takes


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("positions", b"12345"),
        ("positions", np.zeros(2).tobytes()),
        ("positions", np.full(3, np.nan).tobytes()),
        ("joint_names", "shoulder"),
        ("joint_names", "3"),
    ],
)
def test_a_damaged_row_is_named(tmp_path, database, store, column, value):
    for number in range(3):
        store.record(0, ARM, [float(number)] * 3)
    with closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as connection, connection:
        connection.execute(f"UPDATE demonstration SET {column} = ? WHERE id = 2", (value,))
    with pytest.raises(InvalidInput, match="work_directory: .*demonstration 2 is damaged"):
        DemonstrationStore(database)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"distance": -0.1}, "demonstration_distance"),
        ({"distance": math.nan}, "demonstration_distance"),
        ({"distance": math.inf}, "demonstration_distance"),
        ({"capacity": 0}, "max_demonstrations"),
    ],
)
def test_options_out_of_range_are_refused_by_the_name_of_the_parameter(database, options, field):
    with pytest.raises(InvalidInput, match=field):
        DemonstrationStore(database, **options)


@pytest.mark.parametrize("outside", [True, False])
def test_a_floating_base_may_be_shown_as_a_pose_or_as_in_the_chart(store, outside):
    talos = RobotModel.load("talos")
    q = np.random.default_rng(3).uniform(talos.lower, talos.upper, (5, talos.nq))
    names = wire_names(talos.joint_names) if outside else talos.joint_names
    for row in to_wire(talos, q) if outside else q:
        assert store.record(0, names, row.tolist()).verdict is Verdict.RECORDED
    read = read_named(talos, store.configurations, "demonstrations")
    np.testing.assert_allclose(read, q, atol=1e-12)
