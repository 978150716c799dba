"""The IP address and the user agent of the client that sent a request."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

USER_AGENT_MAX_LENGTH = 256


def user_agent(request: HttpRequest) -> str:
    agent: str = request.META.get("HTTP_USER_AGENT", "")[:USER_AGENT_MAX_LENGTH]
    return agent.replace("\x00", "")


def client_ip(request: HttpRequest) -> str | None:
    """The address that the outermost trusted proxy saw, or the peer's address."""
    peer = request.META.get("REMOTE_ADDR", "")
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if 0 < trusted <= len(hops):
        # Each proxy appends an address. A client can forge only the entries before these.
        return _valid(hops[-trusted]) or _valid(peer)
    return _valid(peer)


def client_key(request: HttpRequest) -> str:
    """The key by which rate limits count clients."""
    return client_key_of(client_ip(request))


@lru_cache(maxsize=1_024)
def client_key_of(address: str | None) -> str:
    """An IPv4 address, or the /64 of an IPv6 address, which one subscriber gets (RFC 6177)."""
    if address is None:
        return "unknown"
    ip = ip_address(address)
    if not isinstance(ip, IPv6Address):
        return address
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


@lru_cache(maxsize=1_024)
def history_network_of(address: str | None) -> str:
    """What the history keeps: the /24 of an IPv4 address, the /48 of an IPv6 address, or ""."""
    if address is None:
        return ""
    ip = ip_address(address)
    ip = ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
    return str(ip_network((ip, 48 if isinstance(ip, IPv6Address) else 24), strict=False))


@lru_cache(maxsize=1_024)
def _valid(address: str) -> str | None:
    """The address without the port that some proxies append, and without an IPv6 zone."""
    text = address.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return None
