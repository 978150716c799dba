"""The headers that tell browsers what they may do with an answer."""

from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

CONTENT_POLICY = "Content-Security-Policy"

_UNUSED = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What a browser could give to a page, and no page of ours asks for."""

PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED)


class HeadersMiddleware:
    """Puts them on every answer; a header that a view has set stays.

    Stands outside of Django's ``SecurityMiddleware``, so that its refusals have them too.
    """

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
        # Only a page can break it, and composing it costs more than all else here.
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self._content_policy.process_response(request, response)
        return response


class ContentPolicyMiddleware(MiddlewareMixin):
    """What Django has from 6.0 on, for Django 5.2 and without nonces."""

    def process_request(self, request: HttpRequest) -> None:
        """Django's prepares a nonce here."""

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
    """The policy of every page with some directives changed: ``form_action=["'self'"]``."""
    changed = {name.replace("_", "-"): sources for name, sources in directives.items()}
    policy = {**settings.CONTENT_POLICY, **changed}
    return "; ".join(" ".join([name, *sources]) for name, sources in policy.items())
