"""Cookies that another application cannot hide.

It can set a cookie of the same name at ``/`` or on a parent domain. Browsers send the longest path
first, and ``request.COOKIES`` keeps the last cookie of a name.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from http.cookies import Morsel
from itertools import product

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, parse_cookie
from django.urls import get_script_prefix, reverse
from rest_framework.request import Request

from core import origins

# Each value may cost the verification of a signature.
MAX_VALUES = 8
_MIXED = "core.cookies.mixed"


@dataclass(frozen=True, slots=True)
class ScopedCookie:
    """An HttpOnly cookie for the longest common path of ``endpoints``, which are names of URLs."""

    name: str
    # Matches each value that this project issues.
    shape: re.Pattern[str]
    endpoints: tuple[str, ...]

    @property
    def path(self) -> str:
        return _common_path(self.endpoints, settings.ROOT_URLCONF, get_script_prefix())

    def values(self, request: HttpRequest | Request) -> list[str]:
        """The first ``MAX_VALUES`` values of this shape, the one with the longest path first."""
        found = values_of(request, self.name, self.shape)
        if len(found) > MAX_VALUES:
            note_mixed(request)
        return found[:MAX_VALUES]

    def set(self, response: HttpResponseBase, value: str, *, max_age: timedelta) -> None:
        response.set_cookie(
            self.name,
            value,
            max_age=max_age,
            path=self.path,
            secure=not settings.DEBUG,
            httponly=True,
            samesite="Lax",
        )

    def delete(self, response: HttpResponseBase) -> None:
        response.delete_cookie(self.name, path=self.path, samesite="Lax")

    def delete_others(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Deletes the cookies of this name that other applications have set above ``path``.

        After ``note_mixed`` also those on longer paths and on parent domains, where another
        application may still use them.
        """
        lowest, host = self.path, origins.host_of(settings.PUBLIC_URL)
        domains = [""]
        if _MIXED in request.META:
            # Not the client's path, which may contain characters that end an attribute.
            lowest = next((p for p in map(reverse, self.endpoints) if p == request.path), lowest)
            domains += _domains_above(host)
        for path, domain in product(_paths_above(lowest), domains):
            # Some browsers treat the host's own name as the domain of this cookie.
            if path != self.path or domain not in {"", host}:
                _delete(response, self.name, path=path, domain=domain)


SCOPED: list[ScopedCookie] = []


def scoped(name: str, shape: str, *endpoints: str) -> ScopedCookie:
    """Registers a cookie with ``StaleCookieMiddleware``; ``shape`` is a regular expression."""
    cookie = ScopedCookie(name, re.compile(shape, re.ASCII), endpoints)
    SCOPED.append(cookie)
    return cookie


def values_of(request: HttpRequest | Request, name: str, shape: re.Pattern[str]) -> list[str]:
    """The different values of this name and shape, the one with the longest path first."""
    return list(dict.fromkeys(filter(shape.fullmatch, _values(request, name))))


def note_mixed(request: HttpRequest | Request) -> None:
    """Notes that other cookies hide this project's; see ``ScopedCookie.delete_others``."""
    request.META[_MIXED] = True


class StaleCookieMiddleware:
    """Where a request has several cookies of a registered name, the response deletes the others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if "HTTP_COOKIE" in request.META:
            for cookie in SCOPED:
                if len(_values(request, cookie.name)) > 1:
                    cookie.delete_others(request, response)
        return response


def _values(request: HttpRequest | Request, name: str) -> list[str]:
    header = request.META.get("HTTP_COOKIE", "")
    if name not in header:
        return []
    pairs = [pair for pair in header.split(";") if pair.partition("=")[0].strip() == name]
    return [parse_cookie(pair).get(name, "") for pair in pairs]


@lru_cache(maxsize=64)
def _common_path(endpoints: tuple[str, ...], _urlconf: str, _script_prefix: str) -> str:
    # Cached: each refresh would pay 0.5 ms.
    return posixpath.commonpath(map(reverse, endpoints)).rstrip("/") + "/"


def _paths_above(path: str) -> Iterator[str]:
    """For ``/api/auth/``: itself, ``/api/auth``, ``/api/``, ``/api`` and ``/``."""
    while path != "/":
        yield path
        yield path.rstrip("/")
        path = path.rstrip("/").rpartition("/")[0] + "/"
    yield path


def _domains_above(host: str) -> list[str]:
    """``api.shop.co.uk``, ``shop.co.uk`` and ``co.uk``. Browsers ignore a public suffix."""
    labels = host.split(".")
    if labels[-1].isdigit() or host.startswith("["):
        return []
    return [".".join(labels[number:]) for number in range(len(labels) - 1)]


def _delete(response: HttpResponseBase, name: str, *, path: str, domain: str) -> None:
    # ``delete_cookie`` keeps one cookie of each name. Short: proxies take 4 KB of headers.
    morsel: Morsel[str] = Morsel()
    morsel.set(name, "", "")
    morsel.update({"path": path, "domain": domain, "max-age": "0"})
    response.cookies[f"{name} {domain}{path}"] = morsel
