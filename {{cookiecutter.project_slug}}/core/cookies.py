"""Cookies of ours: out of every script's reach, and told from others of the same name.

A browser sends every cookie whose path and domain fit, and does not say which is whose: one that
another application has left at ``/``, or on a parent domain, comes beside ours. Django keeps the
last of a name, and browsers send the longest path first: so it keeps the other one.
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

MAX_VALUES = 8
"""Values of one name that are tried: each may cost a signature, and a stranger can send many."""
_MIXED = "core.cookies.mixed"


@dataclass(frozen=True, slots=True)
class ScopedCookie:
    """A cookie of the paths that read it, and of no others.

    Attributes:
        shape: of every value that this project issues.
        endpoints: names of URLs. The cookie's path is the longest that is above all of them.
    """

    name: str
    shape: re.Pattern[str]
    endpoints: tuple[str, ...]

    @property
    def path(self) -> str:
        return _path_above(self.endpoints, settings.ROOT_URLCONF, get_script_prefix())

    def values(self, request: HttpRequest | Request) -> list[str]:
        """What may be ours of what the browser sent, the longest path first.

        At most ``MAX_VALUES``. Where there are more, the answer deletes the others, so that the
        next request brings ours.
        """
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

    def delete_others(self, response: HttpResponseBase) -> None:
        """Deletes cookies of this name above our path, where another application has left them."""
        for path in _paths_above(self.path):
            self._delete_unless_ours(response, path)

    def delete_mixed(self, response: HttpResponseBase, *, asked: str) -> None:
        """Deletes all cookies of this name but ours, on each domain that this host is in too.

        Applications there may use theirs, so this is for those that keep ours from counting.

        Args:
            asked: the path of the request. Cookies of longer paths than ours came with it.
        """
        # One of ours, and not what a client has written: a path may hold what ends an attribute.
        read_at = next((path for path in map(reverse, self.endpoints) if path == asked), self.path)
        domains = _domains_above(origins.host_of(settings.PUBLIC_URL))
        for path, domain in product(_paths_above(read_at), ["", *domains]):
            self._delete_unless_ours(response, path, domain)

    def _delete_unless_ours(self, response: HttpResponseBase, path: str, domain: str = "") -> None:
        # A browser may take the host's own name as a domain for our cookie's key.
        if path != self.path or domain not in {"", origins.host_of(settings.PUBLIC_URL)}:
            _delete(response, self.name, path=path, domain=domain)


SCOPED: list[ScopedCookie] = []
"""The cookies that ``StaleCookieMiddleware`` looks after."""


def scoped(name: str, shape: str, *endpoints: str) -> ScopedCookie:
    """
    Args:
        shape: a regular expression, see ``ScopedCookie``.
    """
    cookie = ScopedCookie(name, re.compile(shape, re.ASCII), endpoints)
    SCOPED.append(cookie)
    return cookie


def values_of(request: HttpRequest | Request, name: str, shape: re.Pattern[str]) -> list[str]:
    """What the browser sent under this name and in this shape, the longest path first."""
    return list(dict.fromkeys(filter(shape.fullmatch, _values(request, name))))


def note_mixed(request: HttpRequest | Request) -> None:
    """Says that ours cannot count while the others of its name are there."""
    request.META[_MIXED] = True


class StaleCookieMiddleware:
    """Where a cookie of ours came more than once, the answer deletes the others.

    It looks at no value and deletes none with our own path on this host, so that ours stays.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        for cookie in SCOPED:
            if len(list(_values(request, cookie.name))) > 1:
                _delete_stale(cookie, request, response)
        return response


def _delete_stale(cookie: ScopedCookie, request: HttpRequest, response: HttpResponseBase) -> None:
    if _MIXED in request.META:
        cookie.delete_mixed(response, asked=request.path)
    else:
        cookie.delete_others(response)


def _values(request: HttpRequest | Request, name: str) -> Iterator[str]:
    header = request.META.get("HTTP_COOKIE", "")
    if name not in header:
        return
    for pair in header.split(";"):
        if pair.partition("=")[0].strip() == name:
            yield parse_cookie(pair).get(name, "")


@lru_cache(maxsize=64)
def _path_above(endpoints: tuple[str, ...], _urls: str, _prefix: str) -> str:
    """Kept for each URLconf: a refresh would pay half a millisecond for it."""
    return posixpath.commonpath(map(reverse, endpoints)).rstrip("/") + "/"


def _paths_above(path: str) -> Iterator[str]:
    """``/api/auth/``, ``/api/auth``, ``/api/``, ``/api`` and ``/``."""
    while path != "/":
        yield path
        yield path.rstrip("/")
        path = path.rstrip("/").rpartition("/")[0] + "/"
    yield path


def _domains_above(host: str) -> Iterator[str]:
    """``api.shop.co.uk``, ``shop.co.uk`` and ``co.uk``, which browsers ignore: it is no site."""
    labels = host.split(".")
    if labels[-1].isdigit() or host.startswith("["):
        return
    for number in range(len(labels) - 1):
        yield ".".join(labels[number:])


def _delete(response: HttpResponseBase, name: str, *, path: str, domain: str = "") -> None:
    """Beside what the answer sets under this name: Django's own method keeps one of each name.

    Short, since there may be thirty: proxies take 4 KB of headers.
    """
    morsel: Morsel[str] = Morsel()
    morsel.set(name, "", "")
    morsel.update({"path": path, "domain": domain, "max-age": "0"})
    response.cookies[f"{name} {domain}{path}"] = morsel
