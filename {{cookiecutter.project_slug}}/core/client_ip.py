"""The IP address and the user agent of the client behind a request."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

USER_AGENT_MAX_LENGTH = 256


def user_agent(request: HttpRequest) -> str:
    agent: str = request.META.get("HTTP_USER_AGENT", "")[:USER_AGENT_MAX_LENGTH]
    return agent.replace("\x00", "")


def client_ip(request: HttpRequest) -> str | None:
    """The address that the outermost trusted proxy saw, or the peer's.

    Each proxy appends the address it was called from to ``X-Forwarded-For``, so the entry counted
    ``TRUSTED_PROXY_COUNT`` from the right is the last that a client cannot have written itself.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if 0 < trusted <= len(hops):
        return _valid(hops[-trusted]) or _valid(peer)
    return _valid(peer)


def client_network(request: HttpRequest) -> str:
    """What a limit counts as one client: see ``network_of``."""
    return network_of(client_ip(request))


@lru_cache(maxsize=1_024)
def network_of(address: str | None) -> str:
    """An IPv4 address, or the /64 of an IPv6 address, which is what one line gets (RFC 6177)."""
    if address is None:
        return "unknown"
    ip = ip_address(address)
    if not isinstance(ip, IPv6Address):
        return address
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


@lru_cache(maxsize=1_024)
def _valid(address: str) -> str | None:
    """Some proxies write the port as well; the zone of a link is no part of an address."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return None
