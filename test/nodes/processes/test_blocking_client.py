# SPDX-License-Identifier: Apache-2.0
import time

import pytest

from vi_ik_ros.exceptions import InvalidInput, NoAnswer
from vi_ik_ros.nodes.processes.blocking_client import BlockingClient
from vi_ik_ros.nodes.sampling.sampler_client import SamplerClient
from vi_ik_ros.nodes.training.trainer_client import TrainerClient

CLIENTS = [SamplerClient, TrainerClient]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ["", "no name", "/two//slashes", "/9lives", "a\nb"])
def test_a_name_that_no_node_can_have_is_refused(client, name):
    with pytest.raises(InvalidInput) as refusal:
        client(name)
    line = str(refusal.value)
    assert line.startswith(f"{client.kind}: got ")
    assert line.endswith(f"the full name of a node, such as /cell/{client.kind}")
    assert "\n" not in line


@pytest.mark.parametrize("client", CLIENTS)
def test_a_slash_before_the_name_may_be_left_out(client):
    with client("cell/it") as one, client("/cell/it") as other:
        assert one.server == other.server == "/cell/it"


def test_whoever_is_not_there_is_waited_for_as_long_as_told():
    with SamplerClient("/nobody") as client:
        start = time.monotonic()
        assert not client.wait(0.2)
        with pytest.raises(NoAnswer, match=r"/nobody: no sampler node after 0.2 s"):
            client.model_names(timeout=0.2)
        assert 0.35 < time.monotonic() - start < 5.0


def test_a_client_must_say_when_its_node_is_there():
    with pytest.raises(TypeError, match="wait"):
        BlockingClient("/node")
