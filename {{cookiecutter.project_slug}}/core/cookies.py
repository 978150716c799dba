"""Cookies of ours: out of every script's reach, and told from others of the same name.

A browser sends every cookie whose path and domain fit, and does not say which is whose: one that
another application has left at ``/``, or on a parent domain, comes beside ours. Django keeps the
last of a name, and browsers send the longest path first: so it keeps the other one.
"""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from http.cookies import Morsel
from itertools import islice

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
        endpoints: names of URLs. The cookie's path is the longest that is above all of them.
    """

    name: str
    endpoints: tuple[str, ...]

    @property
    def path(self) -> str:
        return _path_above(self.endpoints, settings.ROOT_URLCONF, get_script_prefix())

    def values(self, request: HttpRequest | Request) -> list[str]:
        return values_of(request, self.name)

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

    def delete_others(self, response: HttpResponseBase, *, of_domains: bool) -> None:
        """Deletes cookies of this name above our path, where another application has left them.

        Args:
            of_domains: also at ``/`` of each domain that this host is in. Applications there may
                use theirs.
        """
        ours = self.path
        for path in filter(lambda path: path != ours, _paths_above(ours)):
            _delete(response, self.name, path=path)
        if of_domains:
            for domain in _domains_above(origins.host_of(settings.PUBLIC_URL)):
                _delete(response, self.name, path="/", domain=domain)


SCOPED: list[ScopedCookie] = []
"""The cookies that ``StaleCookieMiddleware`` looks after."""


def scoped(name: str, *endpoints: str) -> ScopedCookie:
    cookie = ScopedCookie(name, endpoints)
    SCOPED.append(cookie)
    return cookie


def values_of(request: HttpRequest | Request, name: str) -> list[str]:
    """What the browser sent under this name, the longest path first; at most ``MAX_VALUES``."""
    return list(islice(dict.fromkeys(filter(None, _values(request, name))), MAX_VALUES))


def note_mixed(request: HttpRequest | Request) -> None:
    """Says that this project has issued several, and none can count while the others are there."""
    request.META[_MIXED] = True


class StaleCookieMiddleware:
    """Where a cookie of ours came more than once, the answer deletes the others.

    It looks at no value and deletes none at our own path, so that ours stays in any case.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        for cookie in SCOPED:
            if len(list(_values(request, cookie.name))) > 1:
                cookie.delete_others(response, of_domains=_MIXED in request.META)
        return response


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
    """Beside what the answer sets under this name: Django's own method keeps one of each name."""
    morsel: Morsel[str] = Morsel()
    morsel.set(name, "", "")
    morsel.update({"path": path, "domain": domain, "max-age": "0", "samesite": "Lax"})
    morsel["expires"] = "Thu, 01 Jan 1970 00:00:00 GMT"
    response.cookies[f"{name} {domain}{path}"] = morsel
