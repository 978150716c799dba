"""The paths of a site with views that do what the project's should not."""

import gc
import logging
import warnings
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.views import APIView
from structlog.contextvars import bind_contextvars

logger = logging.getLogger("site")


def says(request: HttpRequest) -> HttpResponse:
    logger.info("said")
    return HttpResponse(request.GET.get("word", ""))


def warns(_: HttpRequest) -> HttpResponse:
    warnings.warn("soon to go", UserWarning, stacklevel=1)
    return HttpResponse()


def binds(request: HttpRequest) -> HttpResponse:
    bind_contextvars(word=request.GET["word"])
    return says(request)


def counts_objects(_: HttpRequest) -> HttpResponse:
    """How many of them garbage collection leaves out, and how many it looks at."""
    counts = {"Frozen": gc.get_freeze_count(), "Tracked": len(gc.get_objects())}
    return HttpResponse(headers=counts)


@csrf_exempt
def fails(request: HttpRequest, **_: Any) -> HttpResponse:
    password = request.body.decode()
    logger.warning("soon to fail: %s", request.path)
    if password:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", [password])
    raise RuntimeError(f"failed at {request.path} with {len(password)} characters")


class Throttles(APIView):
    authentication_classes = permission_classes = throttle_classes = ()

    def get(self, request: Request) -> None:
        raise Throttled


urlpatterns = [
    path("says/", says),
    path("warns/", warns),
    path("binds/", binds),
    path("counts-objects/", counts_objects),
    path("fails/", fails),
    path("fails/<key>/", fails),
    path("throttles/", Throttles.as_view()),
]
handler404 = "core.error_responses.not_found"
handler500 = "core.error_responses.server_error"
