# SPDX-License-Identifier: Apache-2.0
import socket
import urllib.request

import pytest

from vi_ik_ros.exceptions import InvalidInput
from vi_ik_ros.viewer.page.page_server import PageServer, check_port


def test_it_serves_on_loopback_alone_and_says_where(server, capfd):
    assert server.url == f"http://127.0.0.1:{server.get_port()}"
    with urllib.request.urlopen(server.url, timeout=30.0) as answer:
        assert b"<html" in answer.read(2000).lower()
    assert capfd.readouterr().out == ""


def test_a_taken_port_is_refused_and_not_replaced(server):
    with pytest.raises(InvalidInput, match=r"--port: got \d+, expected a free port") as caught:
        PageServer(port=server.get_port())
    assert caught.value.value == server.get_port()


def test_a_port_that_somebody_else_listens_on_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(InvalidInput, match="free"):
        check_port("127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(InvalidInput, match="--port"):
        check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(InvalidInput, match="--host: got 192.0.2.1, expected an address of this"):
        check_port("192.0.2.1", 0)


def test_nobody_gets_a_tunnel_to_it(server):
    assert server.request_share_url() is None
