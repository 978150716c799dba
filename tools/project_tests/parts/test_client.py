"""The client's address: no header is believed beyond the proxies that were announced."""

from typing import Any

import pytest
from django.test import RequestFactory

from core.client_ip import client_ip, client_key, history_network_of, user_agent

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, None, PEER),
        (0, "203.0.113.9", PEER),
        (1, None, PEER),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", PEER),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "[fe80::1%eth0]:80", "fe80::1"),
        (1, "1.2.3.4:80:80", PEER),
        (1, "unknown", PEER),
        (1, "", PEER),
    ],
)
def test_address_is_counted_from_the_right(
    trusted: int, forwarded: str | None, expected: str, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=PEER)

    assert client_ip(request) == expected


def test_address_is_unknown_behind_a_socket() -> None:
    assert client_ip(RequestFactory().get("/", REMOTE_ADDR="")) is None


@pytest.mark.parametrize(
    ("peer", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
    ],
)
def test_limits_count_an_ipv6_line_as_one_client(peer: str, key: str) -> None:
    assert client_key(RequestFactory().get("/", REMOTE_ADDR=peer)) == key


def test_user_agent_is_cut_and_cleaned() -> None:
    request = RequestFactory().get("/", headers={"User-Agent": "a\x00" + "b" * 300})

    assert user_agent(request) == "a" + "b" * 254


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        (None, ""),
    ],
)
def test_network_is_that_of_many_subscribers(address: str | None, network: str) -> None:
    assert history_network_of(address) == network
