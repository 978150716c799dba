"""Paths that lack their last slash."""

import re

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import common
from django.urls import ResolverMatch, resolve
from django.urls.exceptions import Resolver404

from core import api_path, errors

PATH_MAX_LENGTH = 200
_PLAIN = re.compile(rf"[\w./~-]{{1,{PATH_MAX_LENGTH}}}", re.ASCII)
"""Only such a path is repeated in an answer."""


class CommonMiddleware(common.CommonMiddleware):
    """Django's, which redirects to the path with the slash: that is for pages.

    A client of the API would follow it with a GET and without its body, so it is told the path.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        if api_path.is_below(request) and not _leads_to_page(request):
            return False
        return bool(super().should_redirect_with_slash(request))

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # With DEBUG, what answers here is Django's page about the URLs.
        if response.status_code == 404 and (path := _endpoint_meant(request)):
            response = errors.slash_missing(path)
        answer: HttpResponseBase = super().process_response(request, response)
        return answer


def _leads_to_page(request: HttpRequest) -> bool:
    """E-mails link to pages below the API, and some mail programs drop a slash at the end."""
    match = _with_slash(request)
    return match is not None and not errors.is_endpoint(match) and request.method in {"GET", "HEAD"}


def _endpoint_meant(request: HttpRequest) -> str | None:
    """The path with its slash, if an endpoint of the API answers there and here nobody does."""
    if request.resolver_match or not api_path.is_below(request):
        return None
    match = _with_slash(request)
    path = f"{request.path}/"
    return path if match and errors.is_endpoint(match) and _PLAIN.fullmatch(path) else None


def _with_slash(request: HttpRequest) -> ResolverMatch | None:
    if request.path_info.endswith("/"):
        return None
    try:
        return resolve(f"{request.path_info}/", getattr(request, "urlconf", None))
    except Resolver404:
        return None
