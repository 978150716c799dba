"""Paths without their final slash."""

import re

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import common
from django.urls import ResolverMatch, resolve
from django.urls.exceptions import Resolver404

from core.error_responses import is_below_api, is_endpoint, slash_missing

PATH_MAX_LENGTH = 200
# A response repeats only such a path.
_PLAIN = re.compile(rf"[\w./~-]{{1,{PATH_MAX_LENGTH}}}", re.ASCII)


class CommonMiddleware(common.CommonMiddleware):
    """Redirects requests for pages to the path with a slash, and tells clients of the API the path.

    A client would follow the redirect with a GET and without its body.
    """

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        if is_below_api(request) and not _leads_to_page(request):
            return False
        return bool(super().should_redirect_with_slash(request))

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # With DEBUG, this also replaces Django's page about URLs.
        if response.status_code == 404 and (path := _endpoint_with_slash(request)):
            response = slash_missing(path)
        answer: HttpResponseBase = super().process_response(request, response)
        return answer


def _leads_to_page(request: HttpRequest) -> bool:
    """E-mails link to pages below the API, and some mail programs drop the final slash."""
    match = _match_with_slash(request)
    return match is not None and not is_endpoint(match) and request.method in {"GET", "HEAD"}


def _endpoint_with_slash(request: HttpRequest) -> str | None:
    """The path with its slash, if only that path is an endpoint of the API."""
    if request.resolver_match or not is_below_api(request):
        return None
    match = _match_with_slash(request)
    path = f"{request.path}/"
    return path if match and is_endpoint(match) and _PLAIN.fullmatch(path) else None


def _match_with_slash(request: HttpRequest) -> ResolverMatch | None:
    if request.path_info.endswith("/"):
        return None
    try:
        return resolve(f"{request.path_info}/", getattr(request, "urlconf", None))
    except Resolver404:
        return None
