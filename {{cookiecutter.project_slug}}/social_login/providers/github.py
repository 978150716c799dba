"""GitHub: OAuth 2.0 without an ID token. The API says who the user is."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from social_login.providers import claims, http
from social_login.providers.base import Attempt, Identity
from social_login.providers.http import Connections, ProviderError


@dataclass(frozen=True, kw_only=True)
class GitHub:
    id: str
    name: str
    url: str
    """``https://github.com``, or that of a GitHub Enterprise Server."""
    client_id: str
    client_secret: str
    verifies_email: bool = True

    posts_back: ClassVar[bool] = False

    def authorization_url(self, attempt: Attempt, connections: Connections) -> str:
        query = {
            "client_id": self.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": "read:user user:email",
            "state": attempt.state,
            "code_challenge": claims.pkce_challenge(attempt.code_verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.url}/login/oauth/authorize?{urlencode(query)}"

    def identify(
        self, code: str, attempt: Attempt, connections: Connections, form: dict[str, str]
    ) -> Identity:
        token = self._exchange(code, attempt, connections)
        user = http.as_object(connections.get(f"{self._api}/user", bearer=token))
        number = user.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            raise ProviderError("no user id")
        addresses = connections.get(f"{self._api}/user/emails", bearer=token)
        email, is_verified = _primary(addresses)
        return Identity(
            provider=self.id,
            # Not the login, which another user may take over.
            subject=str(number),
            email=email,
            email_verified=bool(email) and self.verifies_email and is_verified,
            first_name=claims.person_name(user.get("name")),
        )

    @property
    def _api(self) -> str:
        is_cloud = self.url == "https://github.com"
        return "https://api.github.com" if is_cloud else f"{self.url}/api/v3"

    def _exchange(self, code: str, attempt: Attempt, connections: Connections) -> str:
        form = {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.code_verifier,
        }
        url = f"{self.url}/login/oauth/access_token"
        # GitHub answers an error with the status 200 as well.
        token = claims.text(http.as_object(connections.post(url, form)).get("access_token"), 1_000)
        if not token.isascii() or not token:
            raise ProviderError("no access token")
        return token


def _primary(addresses: Any) -> tuple[str, bool]:
    rows = [row for row in addresses if isinstance(row, dict)] if type(addresses) is list else []
    row = next((row for row in rows if row.get("primary") is True), {})
    return claims.address(row.get("email")), row.get("verified") is True
