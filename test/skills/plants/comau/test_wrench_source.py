# SPDX-License-Identifier: Apache-2.0
import numpy as np

from vi_ik_ros.skills.plants.comau.wrench_source import QueuedWrenches


def test_samples_come_out_once_in_order():
    source = QueuedWrenches()
    for i in range(4):
        source.push(float(i), np.full(6, i))
    times, wrenches = source.read()
    np.testing.assert_array_equal(times, [0, 1, 2, 3])
    np.testing.assert_array_equal(wrenches[:, 0], times)
    times, wrenches = source.read()
    assert (times.shape, wrenches.shape) == ((0,), (0, 6))


def test_a_sample_does_not_change_with_the_array_it_came_from():
    source, wrench = QueuedWrenches(), np.ones(6)
    source.push(0.0, wrench)
    wrench[:] = 7.0
    np.testing.assert_array_equal(source.read()[1], np.ones((1, 6)))


def test_the_oldest_are_dropped_when_nobody_reads():
    source = QueuedWrenches(capacity=3)
    for i in range(5):
        source.push(float(i), np.zeros(6))
    np.testing.assert_array_equal(source.read()[0], [2, 3, 4])
