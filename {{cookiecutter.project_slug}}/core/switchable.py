"""Endpoints that a setting switches off. Their URLs stay routed."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.views import APIView


class SwitchableAPIView(APIView):
    """While it is off, it raises ``refusal`` and is absent from the OpenAPI schema."""

    refusal: type[Exception] = Http404

    @staticmethod
    def is_on() -> bool:
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before authentication and 405, which would reveal the endpoint.
        if not self.is_on():
            raise self.refusal
        super().initial(request, *args, **kwargs)


def without_what_is_off(endpoints: list[tuple[str, str, str, Any]]) -> list[Any]:
    """A preprocessing hook of drf-spectacular."""
    return [endpoint for endpoint in endpoints if _is_on(endpoint[3].cls)]


def _is_on(view: type[APIView]) -> bool:
    return view.is_on() if issubclass(view, SwitchableAPIView) else True
