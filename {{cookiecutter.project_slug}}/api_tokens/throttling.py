"""The throttle of requests with a token. ``rest_framework.views`` imports this module."""

from typing import Any

from rest_framework.request import Request

from api_tokens.models import ApiToken
from core.ratelimit.throttling import RequestThrottle


class ApiTokenThrottle(RequestThrottle):
    """Counts the requests of a token by the token, and not for its user as well."""

    def scopes(self, request: Request, view: Any) -> list[str]:
        everywhere, *own = super().scopes(request, view)
        return ["api_token" if isinstance(request.auth, ApiToken) else everywhere, *own]

    def counted_for(self, request: Request) -> object:
        token = request.auth
        return token.pk if isinstance(token, ApiToken) else super().counted_for(request)
