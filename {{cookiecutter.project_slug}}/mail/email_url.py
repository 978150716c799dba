"""Parses ``EMAIL_URL``. No error message repeats a part of the URL: it may be the password."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from core.setting_error import SettingError

EXPECTED = "a URL like smtp+tls://user:password@host:587"
TIMEOUT = 10
"""Seconds that the mail server has for each response."""

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
"""RFC 5321 and RFC 8314."""
_HOST = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")


def parse(url: str) -> dict[str, Any]:
    """Returns an entry of Django's ``MAILERS``.

    Raises:
        SettingError: the URL cannot be used.
    """
    try:
        parts = urlsplit(url)
        # Raises ValueError for an invalid port.
        port = parts.port
    except ValueError:
        raise SettingError(_UNREADABLE) from None
    if parts.scheme not in _MAILERS:
        raise SettingError(f"must be {EXPECTED}, or begin with one of {', '.join(_MAILERS)}.")
    return _MAILERS[parts.scheme](parts, port)


_UNREADABLE = (
    "has an invalid host or port: in a user or a password, a character such as / ? # : or @ "
    "must be percent-encoded."
)


def _smtp(parts: SplitResult, port: int | None) -> dict[str, Any]:
    is_cut = "@" in parts.path + parts.query + parts.fragment
    if is_cut or not _HOST.fullmatch(parts.hostname or "") or port == 0:
        raise SettingError(_UNREADABLE)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingError("must end after the host and the port: SMTP URLs have no options.")
    if bool(parts.username) != bool(parts.password):
        raise SettingError("must have both a user and a password, or neither.")
    options = {
        "host": parts.hostname,
        "port": port or _PORTS[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtp+ssl",
        "timeout": TIMEOUT,
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


def _anymail(parts: SplitResult, _: int | None) -> dict[str, Any]:
    """``anymail://postmark?server_token=…``: the provider, and its options."""
    if not re.fullmatch(r"[a-z0-9_]+", parts.netloc) or parts.path.strip("/"):
        raise SettingError(
            "must name a service of django-anymail: anymail://postmark?server_token=…"
        )
    return {
        "BACKEND": f"anymail.backends.{parts.netloc}.EmailBackend",
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def _console(parts: SplitResult, _: int | None) -> dict[str, Any]:
    if parts.netloc or parts.path.strip("/") or parts.query:
        raise SettingError("must be consolemail:// and nothing more.")
    return {"BACKEND": "django.core.mail.backends.console.EmailBackend", "OPTIONS": {}}


def _file(parts: SplitResult, _: int | None) -> dict[str, Any]:
    folder = unquote(parts.path)
    if parts.netloc or not folder.strip("/") or parts.query:
        raise SettingError(
            "must be filemail:// and the absolute path of a folder: filemail:///folder"
        )
    options = {"file_path": folder}
    return {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "OPTIONS": options}


_MAILERS: dict[str, Callable[[SplitResult, int | None], dict[str, Any]]] = {
    **dict.fromkeys(_PORTS, _smtp),
    "anymail": _anymail,
    "consolemail": _console,
    "filemail": _file,
}
