# SPDX-License-Identifier: Apache-2.0
import pickle

from vi_ik_ros.exceptions import RobotError


def test_an_error_comes_back_whole_from_another_process():
    error = RobotError("robot", "panda3", "one of panda, talos")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is RobotError and str(again) == str(error)
    assert (again.field, again.value, again.expected) == ("robot", "panda3", error.expected)
