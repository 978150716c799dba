"""Security headers of each response."""

from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

CONTENT_POLICY = "Content-Security-Policy"

# No page uses these features of browsers.
_UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation"),
    *("gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment"),
    *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED)


class HeadersMiddleware:
    """Adds headers that a view has not set. Comes early, for the redirects to HTTPS as well."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._everywhere = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
            "Permissions-Policy": PERMISSIONS_POLICY,
        }
        self._content_policy = _content_policy_middleware()(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        self._content_policy.process_request(request)
        response = self._get_response(request)
        for name, value in self._everywhere.items():
            response.headers.setdefault(name, value)
        # To compose the policy costs more than the other headers together, and only pages need it.
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self._content_policy.process_response(request, response)
        return response


class ContentPolicyMiddleware(MiddlewareMixin):
    """Replaces the middleware of Django 6.0 on Django 5.2, without nonces."""

    def process_request(self, request: HttpRequest) -> None:
        pass

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault(CONTENT_POLICY, content_policy())
        return response


def _content_policy_middleware() -> Any:
    if django.VERSION >= (6, 0):
        return import_string("django.middleware.csp.ContentSecurityPolicyMiddleware")
    return ContentPolicyMiddleware


def content_policy(**directives: list[str]) -> str:
    """The policy of each page with some directives replaced: ``form_action=["'self'"]``."""
    replaced = {name.replace("_", "-"): sources for name, sources in directives.items()}
    policy = {**settings.CONTENT_POLICY, **replaced}
    return "; ".join(" ".join([name, *sources]) for name, sources in policy.items())
