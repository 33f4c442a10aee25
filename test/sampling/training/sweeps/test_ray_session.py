# SPDX-License-Identifier: Apache-2.0
import os
import socket
import sys

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.sampling.training.sweeps import ray_session as sessions
from vi_ik_ros.sampling.training.sweeps.ray_session import ray_session


@pytest.mark.parametrize("address", ["head", "ray://head:10001", "head:", ":6379", "head:http"])
def test_an_address_names_host_and_port(address) -> None:
    with pytest.raises(InvalidInput, match="--address: got .*, expected HOST:PORT"):
        with ray_session(address):
            pass


def test_an_address_where_nothing_listens_is_refused_at_once(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # which is not even imported
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InvalidInput, match=f"got 127.0.0.1:{port}, expected a running Ray"):
        with ray_session(f"127.0.0.1:{port}"):
            pass


def test_each_session_has_a_token_of_its_own(monkeypatch) -> None:
    raylet = pytest.importorskip("ray._raylet")
    if not hasattr(raylet, "AuthenticationTokenLoader"):
        pytest.skip("this version of Ray has no tokens")
    loader, tokens = raylet.AuthenticationTokenLoader.instance(), []

    def start(directory: str) -> None:
        tokens.append((loader.get_raw_token(), os.environ["RAY_AUTH_TOKEN"]))

    monkeypatch.setattr(sessions, "_start", start)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    for _ in range(2):
        with ray_session(None):
            assert raylet.get_authentication_mode() == raylet.AuthenticationMode.TOKEN
        assert raylet.get_authentication_mode() == raylet.AuthenticationMode.DISABLED
    assert [kept for kept, _ in tokens] == [given for _, given in tokens]
    assert tokens[0] != tokens[1]
