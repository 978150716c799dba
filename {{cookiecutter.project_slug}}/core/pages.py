"""What every HTML page has in common."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def common_context() -> dict[str, Any]:
    """For templates that extend ``pages/base.html``."""
    return {
        "product": settings.PROJECT_NAME,
        "front_end": settings.FRONTEND_URL,
        "sign_in": settings.SIGN_IN_URL,
        "logo": settings.PAGES_LOGO,
        "accent": settings.PAGES_ACCENT,
    }


def accent_css(request: HttpRequest) -> HttpResponse:
    """The colour of ``PAGES_ACCENT``: the policy of pages allows no style inside of them."""
    css = render_to_string("pages/accent.css", common_context())
    headers = {"Cache-Control": "max-age=3600"}
    return HttpResponse(css, content_type="text/css; charset=utf-8", headers=headers)
