"""Where to serve: never where somebody else does, or is about to."""

import socket

import pytest

from devtools import ports
from devtools.errors import DevtoolsError


def test_two_projects_that_start_together_get_different_ports() -> None:
    with ports.reserved(0) as one, ports.reserved(0) as other:
        assert one != other


def test_a_reserved_port_can_be_served_on() -> None:
    with ports.reserved(0) as port, socket.create_server((ports.HOST, port)):
        pass


def test_a_wanted_port_that_is_taken_is_named() -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(DevtoolsError, match=f"127.0.0.1:{port}"), ports.reserved(port):
            pass


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_port_that_another_server_has_as_localhost_is_taken() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        with pytest.raises(DevtoolsError, match=rf"\[::1\]:{port}"), ports.reserved(port):
            pass


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(DevtoolsError, match="127.0.0.1:99999"), ports.reserved(99_999):
        pass
