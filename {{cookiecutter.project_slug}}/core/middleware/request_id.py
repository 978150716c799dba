"""An id for each request, in its log lines, its tasks and its response."""

import re
import secrets
from collections.abc import Callable
from typing import Any

from celery import signals
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from core import current_client
from core.client_ip import client_ip

HEADER = "X-Request-ID"
# In the log, and in the headers of a task.
NAME = "request_id"

_GIVEN = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestIdMiddleware:
    """Comes first, so that the responses of all other middleware have the id.

    The id stays bound until ``request_finished``: Django and gunicorn log the response later.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _given_by_proxy(request) or secrets.token_hex(16)
        clear_contextvars()
        bind_contextvars(request_id=request_id, ip=client_ip(request))
        current_client.bind(request)
        response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


def _given_by_proxy(request: HttpRequest) -> str | None:
    # Without a trusted proxy, the client has set the header.
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if settings.TRUSTED_PROXY_COUNT and _GIVEN.fullmatch(given) else None


def forget_request(**_: Any) -> None:
    """A receiver of Django's ``request_finished``."""
    clear_contextvars()
    current_client.forget()


def follow_tasks() -> None:
    """Makes Celery send the id with a task, and bind it in the worker."""
    signals.before_task_publish.connect(_send)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)


def _send(headers: dict[str, Any], **_: Any) -> None:
    if request_id := get_contextvars().get(NAME):
        headers[NAME] = request_id


def _begin(task_id: str, task: Any, **_: Any) -> None:
    # An eager task runs within its request.
    if not task.request.is_eager:
        # No request starts the tasks of beat.
        bind_contextvars(request_id=task.request.get(NAME) or task_id)


def _end(task: Any, **_: Any) -> None:
    if not task.request.is_eager:
        clear_contextvars()
