"""Security headers of each response."""

from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string

from core.error_responses import is_below_api

CONTENT_POLICY = "Content-Security-Policy"

# No page uses these features of browsers.
_UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation"),
    *("gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment"),
    *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED)


class HeadersMiddleware:
    """Adds headers that a view has not set.

    Comes early: ``SecurityMiddleware`` does not see the responses to health probes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._everywhere = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
            "Permissions-Policy": PERMISSIONS_POLICY,
        }
        # From 6.0 on, Django builds the policy, with nonces.
        self._csp: Any = None
        if django.VERSION >= (6, 0):
            middleware = import_string("django.middleware.csp.ContentSecurityPolicyMiddleware")
            self._csp = middleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._csp:
            self._csp.process_request(request)
        response = self._get_response(request)
        for name, value in self._everywhere.items():
            response.headers.setdefault(name, value)
        if is_below_api(request):
            # Responses contain tokens and personal data, and redirects the secrets of links.
            response.headers.setdefault("Cache-Control", "no-store")
        # Building the policy costs more than the other headers together, and only pages need it.
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self._add_content_policy(request, response)
        return response

    def _add_content_policy(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if self._csp:
            self._csp.process_response(request, response)
        else:
            response.headers.setdefault(CONTENT_POLICY, content_policy())


def content_policy(**directives: list[str]) -> str:
    """The policy of each page with some directives replaced: ``form_action=["'self'"]``."""
    replaced = {name.replace("_", "-"): sources for name, sources in directives.items()}
    policy = {**settings.CONTENT_POLICY, **replaced}
    return "; ".join(" ".join([name, *sources]) for name, sources in policy.items())
