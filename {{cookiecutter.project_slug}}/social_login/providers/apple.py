"""Apple: posts the callback, and takes a signed token as the client's secret."""

import json
import time
from dataclasses import dataclass
from typing import ClassVar

import jwt

from social_login.providers import claims
from social_login.providers.http import Json, ProviderError
from social_login.providers.openid import OpenIDProvider

_SECRET_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Apple(OpenIDProvider):
    team_id: str
    key_id: str
    private_key: str
    """PEM, P-256."""

    scope: ClassVar[str] = "openid email name"
    # Apple refuses the scopes without it.
    parameters: ClassVar[dict[str, str]] = {"response_mode": "form_post"}
    posts_back: ClassVar[bool] = True

    def secret(self) -> str:
        now = int(time.time())
        payload = {
            "iss": self.team_id,
            "iat": now,
            "exp": now + _SECRET_SECONDS,
            "aud": self.issuer,
            "sub": self.client_id,
        }
        headers = {"kid": self.key_id}
        try:
            return jwt.encode(payload, self.private_key, algorithm="ES256", headers=headers)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise ProviderError("SOCIAL_APPLE_PRIVATE_KEY is no key") from None

    def read_names(self, found: Json, form: dict[str, str]) -> tuple[str, str]:
        """Apple sends them once, beside the token, without a signature."""
        try:
            name = json.loads(form.get("user", ""))["name"]
            return claims.person_name(name.get("firstName")), claims.person_name(
                name.get("lastName")
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return "", ""
