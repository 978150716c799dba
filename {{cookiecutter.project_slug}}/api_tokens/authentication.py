"""Authentication by an API token.

DRF imports this module while ``rest_framework.views`` loads, so it must not import that one.
"""

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.errors import TokenNotValid
from accounts.models import User
from api_tokens import conf, scopes, store
from api_tokens.errors import InsufficientScope, TokenNotAllowed
from api_tokens.models import ApiToken
from api_tokens.secret import Secret
from core.client_ip import client_key
from core.ratelimit import throttling


def presented(request: HttpRequest | Request) -> str:
    """The token of the request; "" for none, and for credentials of another kind."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    # A prefix has no capital letter, and a JWT begins with eyJ.
    is_ours = scheme.lower() == "bearer" and token.strip().startswith(conf.prefix())
    return token.strip() if is_ours else ""


class ApiTokenAuthentication(BaseAuthentication):
    """Sets ``request.user`` to the ``User`` and ``request.auth`` to the ``ApiToken``, in one query.

    A view takes tokens for the methods in its ``token_scopes``. A request without a token costs
    nothing here.
    """

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """
        Raises:
            TokenNotAllowed, InsufficientScope: see ``errors``.
            TokenNotValid: the token is unknown or expired, or its account may not sign in.
            LimitReached: too many of these came from the client's address, or with the token.
        """
        text = presented(request)
        if not text:
            return None
        scope = scopes.required(request.parser_context.get("view"), str(request.method))
        if scope is None:
            raise TokenNotAllowed
        token = _read(text)
        # DRF counts a request once it is authenticated.
        if token is None:
            throttling.hit("anon", of=client_key(request))
            raise TokenNotValid
        if scope not in scopes.allowed(token.user.role, token.scopes):
            throttling.hit("api_token", of=token.pk)
            raise InsufficientScope(scope)
        return token.user, token


def _read(text: str) -> ApiToken | None:
    secret, now = Secret.read(text), timezone.now()
    token = store.find_usable(secret, now=now) if secret else None
    return token if token and store.note_use(token, now=now) else None
