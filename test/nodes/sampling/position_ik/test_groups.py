# SPDX-License-Identifier: Apache-2.0
import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.nodes.sampling.position_ik.groups import read_groups


def test_pairs_are_read():
    assert read_groups("") == {}
    assert read_groups(" arm = a_model,hand=b ") == {"arm": "a_model", "hand": "b"}


@pytest.mark.parametrize("text", ["arm", "arm=", "=model", "arm=a,arm=b"])
def test_malformed_pairs_are_refused(text):
    with pytest.raises(InvalidInput, match="position_ik_groups"):
        read_groups(text)
