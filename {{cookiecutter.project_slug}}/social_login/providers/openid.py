"""OpenID Connect with discovery: Google, GitLab and any other issuer.

Microsoft and Apple differ in a few points, which their subclasses name.
"""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import jwt
from django.utils.crypto import constant_time_compare

from social_login.providers import claims, http
from social_login.providers.base import Attempt, Identity
from social_login.providers.http import Connections, Json, ProviderError

# No HMAC: the key would be the client's secret. PyJWT accepts no other, in particular not `none`.
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
# Seconds by which the provider's clock may differ.
LEEWAY = 30
DISCOVERY = "/.well-known/openid-configuration"
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
# Values of `amr` for more than one factor (RFC 8176).
_MULTI_FACTOR = frozenset({"mfa", "mca"})


@dataclass(frozen=True, kw_only=True)
class OpenIDProvider:
    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    verifies_email: bool = False
    """Whether its claim ``email_verified`` counts."""

    scope: ClassVar[str] = "openid email profile"
    parameters: ClassVar[dict[str, str]] = {}
    posts_back: ClassVar[bool] = False

    def authorization_url(self, attempt: Attempt, connections: Connections) -> str:
        endpoint = self._endpoint("authorization_endpoint", connections)
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": self.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": claims.pkce_challenge(attempt.code_verifier),
            "code_challenge_method": "S256",
            **self.parameters,
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def identify(
        self, code: str, attempt: Attempt, connections: Connections, form: dict[str, str]
    ) -> Identity:
        token = self._exchange(code, attempt, connections)
        found = self._verify(token, connections)
        if not constant_time_compare(str(found.get("nonce", "")), attempt.nonce):
            raise ProviderError("another nonce")
        return self.read_identity(found, form)

    def read_identity(self, found: Json, form: dict[str, str]) -> Identity:
        email = claims.address(found.get("email"))
        first_name, last_name = self.read_names(found, form)
        return Identity(
            provider=self.id,
            subject=self.read_subject(found),
            email=email,
            email_verified=bool(email) and self.verifies_email and self.has_verified(found),
            first_name=first_name,
            last_name=last_name,
            multi_factor=_shows_several_factors(found.get("amr")),
        )

    def read_subject(self, found: Json) -> str:
        return _identifier(found["sub"])

    def has_verified(self, found: Json) -> bool:
        return claims.is_true(found.get("email_verified"))

    def read_names(self, found: Json, form: dict[str, str]) -> tuple[str, str]:
        names = [claims.person_name(found.get(name)) for name in ("given_name", "family_name")]
        if not any(names):
            names = [claims.person_name(found.get("name")), ""]
        return names[0], names[1]

    def discover(self, connections: Connections) -> Json:
        document = connections.get_cached(f"{self.issuer.rstrip('/')}{DISCOVERY}")
        if not self.may_describe(str(document.get("issuer"))):
            raise ProviderError("discovery: of another issuer")
        return document

    def may_describe(self, issuer: str) -> bool:
        return issuer == self.issuer

    def secret(self) -> str:
        return self.client_secret

    def expected_issuer(self, found: Json, connections: Connections) -> str:
        return self.issuer

    def _exchange(self, code: str, attempt: Attempt, connections: Connections) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": attempt.code_verifier,
        }
        client = None
        if self._takes_secret_in_form(connections):
            form["client_secret"] = self.secret()
        else:
            client = (self.client_id, self.secret())
        endpoint = self._endpoint("token_endpoint", connections)
        answer = http.as_object(connections.post(endpoint, form, client=client))
        return claims.text(answer.get("id_token"), max_length=http.MAX_BYTES)

    def _verify(self, token: str, connections: Connections) -> Json:
        try:
            header = jwt.get_unverified_header(token)
            found: Json = jwt.decode(
                token,
                self._key(header.get("kid"), connections),
                algorithms=ALGORITHMS,
                audience=self.client_id,
                options={"require": _REQUIRED},
                leeway=LEEWAY,
            )
        except jwt.PyJWTError as error:
            raise ProviderError(f"ID token: {type(error).__name__}") from None
        if found["iss"] != self.expected_issuer(found, connections):
            raise ProviderError("ID token: of another issuer")
        if found.get("azp", self.client_id) != self.client_id:
            raise ProviderError("ID token: for another client")
        return found

    def _key(self, kid: Any, connections: Connections) -> jwt.PyJWK:
        """The provider may have a new key since its keys were read."""
        url = self._endpoint("jwks_uri", connections)
        for again in (False, True):
            keys = jwt.PyJWKSet.from_dict(connections.get_cached(url, again=again)).keys
            fit = [key for key in keys if key.public_key_use in (None, "sig")]
            named = [key for key in fit if key.key_id == kid] if kid else fit
            if len(named) == 1:
                return named[0]
        raise ProviderError("ID token: unknown key")

    def _takes_secret_in_form(self, connections: Connections) -> bool:
        supported = self.discover(connections).get("token_endpoint_auth_methods_supported")
        return isinstance(supported, list) and "client_secret_post" in supported

    def _endpoint(self, name: str, connections: Connections) -> str:
        url = self.discover(connections).get(name)
        if not isinstance(url, str) or not http.is_safe(url):
            raise ProviderError(f"no {name}")
        return url


def _identifier(value: Any) -> str:
    # Compared character by character, with spaces and case (OpenID Connect Core, section 2).
    found = claims.text(value, max_length=255)
    if not found:
        raise ProviderError("no user id")
    return found


def _shows_several_factors(amr: Any) -> bool:
    return isinstance(amr, list) and any(method in _MULTI_FACTOR for method in map(str, amr))
