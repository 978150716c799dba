"""The errors of tokens, with their status and code."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied

from accounts.errors import Conflict


class TokenNotAllowed(PermissionDenied):
    """The endpoint takes no API token, such as each one below `/api/auth/`."""

    default_detail = _("This endpoint does not accept API tokens.")
    default_code = "token_not_allowed"


class InsufficientScope(PermissionDenied):
    """The token, or the role of its account, lacks the scope that `WWW-Authenticate` names."""

    default_detail = _("This token does not have the scope that is required.")
    default_code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__()
        # Django REST framework sends it as WWW-Authenticate (RFC 6750, section 3).
        self.auth_header = f'Bearer error="insufficient_scope", scope="{scope}"'


class TooManyTokens(Conflict):
    """The account has `API_TOKEN_MAX_PER_ACCOUNT` tokens."""

    default_detail = _("You have too many tokens. Delete one first.")
    default_code = "too_many_tokens"
