"""An id for each request: in every line that is logged meanwhile, in its tasks, in its answer.

A task that no request has asked for, such as one of beat's, goes by its own id.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any

from celery import signals
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from core.client_ip import client_ip

HEADER = "X-Request-ID"
NAME = "request_id"
"""What it is called in the log, and in the headers of a task."""

_GIVEN = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RequestIdMiddleware:
    """The first of all, so that the answers of the others have it too.

    What is bound stays until the answer is sent, for Django and gunicorn log it after this; then
    all is cleared, for the next request may come to the same thread.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _given_by_proxy(request) or secrets.token_hex(16)
        clear_contextvars()
        bind_contextvars(request_id=request_id, ip=client_ip(request))
        response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


def _given_by_proxy(request: HttpRequest) -> str | None:
    """Without a proxy of ours in front, a client has written it."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if settings.TRUSTED_PROXY_COUNT and _GIVEN.fullmatch(given) else None


def forget_request(**_: Any) -> None:
    """A receiver of Django's ``request_finished``."""
    clear_contextvars()


def follow_tasks() -> None:
    """Makes Celery carry the id from who asks for a task to the worker that runs it."""
    signals.before_task_publish.connect(_send)
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)


def _send(headers: dict[str, Any], **_: Any) -> None:
    if request_id := get_contextvars().get(NAME):
        headers[NAME] = request_id


def _begin(task_id: str, task: Any, **_: Any) -> None:
    # An eager task is a part of the request that asks for it.
    if not task.request.is_eager:
        bind_contextvars(request_id=task.request.get(NAME) or task_id)


def _end(task: Any, **_: Any) -> None:
    if not task.request.is_eager:
        clear_contextvars()
