"""``EMAIL_URL``, checked without a connection.

No error repeats a part of the URL, which may contain a password.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from core.setting_error import SettingError

EXPECTED = "a URL like smtp+tls://user:password@host:587"
# Seconds for each answer of the mail server.
TIMEOUT = 10

# RFC 5321 and RFC 8314.
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
_HOST = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")
_UNREADABLE = (
    "has an invalid host or port: in a user or a password, a character such as / ? # : or @ "
    "must be percent-encoded."
)


def parse(url: str) -> dict[str, Any]:
    """Returns an entry of Django's ``MAILERS``.

    Raises:
        SettingError: the URL cannot be used.
    """
    try:
        parts = urlsplit(url)
        # ``port`` raises an error for an invalid port.
        port = parts.port
    except ValueError:
        raise SettingError(_UNREADABLE) from None
    if parts.scheme not in _MAILERS:
        raise SettingError(f"must be {EXPECTED}, or begin with one of {', '.join(_MAILERS)}.")
    backend, options = _MAILERS[parts.scheme](parts, port)
    return {"BACKEND": backend, "OPTIONS": options}


def _smtp(parts: SplitResult, port: int | None) -> tuple[str, dict[str, Any]]:
    is_cut = "@" in parts.path + parts.query + parts.fragment
    if is_cut or not _HOST.fullmatch(parts.hostname or "") or port == 0:
        raise SettingError(_UNREADABLE)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingError("must end after the host and the port: SMTP URLs have no options.")
    if bool(parts.username) != bool(parts.password):
        raise SettingError("must have both a user and a password, or neither.")
    return "django.core.mail.backends.smtp.EmailBackend", {
        "host": parts.hostname,
        "port": port or _PORTS[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtp+ssl",
        "timeout": TIMEOUT,
    }


def _anymail(parts: SplitResult, _: int | None) -> tuple[str, dict[str, Any]]:
    if not re.fullmatch(r"[a-z0-9_]+", parts.netloc) or parts.path.strip("/"):
        raise SettingError(
            "must name a service of django-anymail: anymail://postmark?server_token=…"
        )
    return f"anymail.backends.{parts.netloc}.EmailBackend", dict(parse_qsl(parts.query))


def _console(parts: SplitResult, _: int | None) -> tuple[str, dict[str, Any]]:
    if parts.netloc or parts.path.strip("/") or parts.query:
        raise SettingError("must be consolemail:// and nothing more.")
    return "django.core.mail.backends.console.EmailBackend", {}


def _file(parts: SplitResult, _: int | None) -> tuple[str, dict[str, Any]]:
    folder = unquote(parts.path)
    if parts.netloc or not folder.strip("/") or parts.query:
        raise SettingError(
            "must be filemail:// and the absolute path of a folder: filemail:///folder"
        )
    return "django.core.mail.backends.filebased.EmailBackend", {"file_path": folder}


_MAILERS: dict[str, Callable[[SplitResult, int | None], tuple[str, dict[str, Any]]]] = {
    **dict.fromkeys(_PORTS, _smtp),
    "anymail": _anymail,
    "consolemail": _console,
    "filemail": _file,
}
