"""Refuses a token at every view that does not take it, whatever its authentication is."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from api_tokens import scopes
from api_tokens.authentication import presented
from api_tokens.errors import TokenNotAllowed
from core import errors


class ApiTokenMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        # DRF's views have their class in ``cls``.
        view_class = getattr(view, "cls", None)
        if presented(request) and scopes.required(view_class, str(request.method)) is None:
            return errors.as_json(TokenNotAllowed)
        return None
