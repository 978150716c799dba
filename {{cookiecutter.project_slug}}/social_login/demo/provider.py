"""What the provider does: keys, codes and tokens. Everything is in memory."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "demo", "a-secret-that-is-none"
Form = dict[str, str]
Claims = dict[str, Any]


class RefusedError(Exception):
    """The text is the error's code of OAuth."""


@dataclass
class Key:
    kid: str = field(default_factory=lambda: secrets.token_hex(4))
    private: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def public(self) -> dict[str, Any]:
        described: str = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key())
        return {**json.loads(described), "kid": self.kid, "use": "sig", "alg": "RS256"}


@dataclass
class DemoProvider:
    issuer: str = ""
    key: Key = field(default_factory=Key)
    _granted: dict[str, tuple[Form, Claims]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.public()]}

    def grant(self, request: Form, person: Form) -> str:
        """Returns the address that the browser goes back to.

        Args:
            request: the query of the authorization request.
            person: ``email``, ``name``, ``email_verified``, and ``sub`` if it does not follow from
                the address.
        """
        if request.get("client_id") != CLIENT_ID or request.get("response_type") != "code":
            raise RefusedError("unauthorized_client")
        code, email = secrets.token_urlsafe(16), person.get("email", "")
        claims = {
            "sub": person.get("sub") or hashlib.sha256(email.encode()).hexdigest()[:16],
            "email": email,
            "email_verified": bool(person.get("email_verified")),
            "name": person.get("name", ""),
        }
        self._granted[code] = request, claims
        return f"{request['redirect_uri']}?{urlencode({'code': code, 'state': request['state']})}"

    def exchange(self, form: Form) -> Claims:
        """The answer of the token endpoint. Each code works once."""
        request, claims = self._granted.pop(form.get("code", ""), ({}, {}))
        is_right = (
            claims
            and form.get("client_secret") == CLIENT_SECRET
            and form.get("redirect_uri") == request["redirect_uri"]
            and _sha256(form.get("code_verifier", "")) == request["code_challenge"]
        )
        if not is_right:
            raise RefusedError("invalid_grant")
        token = self.sign({**self.about(request), **claims})
        return {"access_token": "of no use", "token_type": "Bearer", "id_token": token}

    def sign(self, claims: Claims) -> str:
        return jwt.encode(claims, self.key.private, "RS256", headers={"kid": self.key.kid})

    def about(self, request: Form) -> Claims:
        now = int(time.time())
        about = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        return {**about, "nonce": request.get("nonce", "")}


def _sha256(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
