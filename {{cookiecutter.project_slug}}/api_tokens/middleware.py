"""Refuses a token, before it is authenticated, at every view that does not take it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from api_tokens import scopes
from api_tokens.authentication import presented
from api_tokens.errors import TokenNotAllowed
from core import error_responses


class ApiTokenMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if presented(request) and scopes.required(_made(view), str(request.method)) is None:
            return error_responses.as_json(TokenNotAllowed)
        return None


def _made(view: Any) -> Any:
    """The view with what its route sets, such as by ``@action``. None if it is not one of DRF."""
    view_class = getattr(view, "cls", None)
    return view_class(**view.initkwargs) if view_class else None
