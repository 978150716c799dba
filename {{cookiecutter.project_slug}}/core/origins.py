"""Hosts, origins and sites."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
# Browsers give these pages the origin ``null``, or they are no pages.
_NO_ORIGIN = frozenset({"about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"})
_NOT_PUBLIC = (".localhost", ".test", ".local", ".internal", ".home.arpa")
# Reserved for documentation (RFC 2606).
_EXAMPLES = ("example.com", "example.net", "example.org", "example")


def host_of(address: str) -> str:
    """As in ``ALLOWED_HOSTS``: an IPv6 address has its brackets."""
    host = urlsplit(address).hostname or ""
    return f"[{host}]" if ":" in host else host


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def is_origin(text: str) -> bool:
    """Whether browsers write the origin like this. They compare it letter by letter."""
    try:
        return text == _written_by_browsers(text)
    except ValueError:
        return False


def is_web_origin(text: str) -> bool:
    """Whether links can lead to it; the origins of apps (``capacitor://localhost``) have none."""
    return is_origin(text) and urlsplit(text).scheme in {"http", "https"}


def _written_by_browsers(text: str) -> str | None:
    parts, host = urlsplit(text), host_of(text)
    has_scheme = _SCHEME.fullmatch(parts.scheme) and parts.scheme not in _NO_ORIGIN
    if not has_scheme or not _HOST.fullmatch(host) or parts.port == 0:
        return None
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_local(host: str) -> bool:
    """Whether the public internet does not know the name or the address."""
    try:
        return not ip_address(host.strip("[]")).is_global
    except ValueError:
        return is_below(host, *_NOT_PUBLIC) or "." not in host.strip(".")


def is_example(host: str) -> bool:
    return is_below(host, *_EXAMPLES)


def is_below(host: str, *domains: str) -> bool:
    """Whether the host is one of the domains or a subdomain."""
    return any(f".{host.lstrip('.')}".endswith(f".{name.lstrip('.')}") for name in domains)


def may_be_one_site(one: str, other: str) -> bool:
    """Whether browsers may send a ``SameSite`` cookie from one origin to the other."""
    # True may be wrong: only the public suffix list could tell.
    first, second = urlsplit(one), urlsplit(other)
    return first.scheme == second.scheme and _site(first) == _site(second)


def _site(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        return str(ip_address(host))
    except ValueError:
        return ".".join(host.split(".")[-2:])
