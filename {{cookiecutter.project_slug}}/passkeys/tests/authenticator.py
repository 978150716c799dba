"""A software authenticator: it creates and uses passkeys as a browser's JSON shows them."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA

ORIGIN = "https://api.example.test"
RP_ID = "api.example.test"

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 1, 4, 8, 16, 64


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def new_key(algorithm: type[CoseKey] = ES256) -> Any:
    if algorithm is RS256:
        return rsa.generate_private_key(65537, 2048)
    if algorithm is EdDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authenticator:
    """One passkey and the browser around it. ``replace`` makes one that deviates."""

    algorithm: type[CoseKey] = ES256
    key: Any = field(default_factory=new_key)
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes = b""
    rp_id: str = RP_ID
    origin: str = ORIGIN
    flags: int = USER_PRESENT | USER_VERIFIED
    sign_count: int = 0
    client_data: dict[str, Any] = field(default_factory=dict)
    """What the browser says beside type, challenge and origin, or instead of them."""

    def but(self, **changes: Any) -> "Authenticator":
        return replace(self, **changes)

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The new credential for the options of an enrolment."""
        public_key = cbor.encode(self.algorithm.from_cryptography_key(self.key.public_key()))
        length = len(self.credential_id).to_bytes(2)
        made = bytes(16) + length + self.credential_id + public_key
        data = self._authenticator_data(self.flags | ATTESTED) + made
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            clientDataJSON=encode(self._client_data("webauthn.create", options["challenge"])),
            attestationObject=encode(attestation),
            transports=["internal", "hybrid"],
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """The signature for the options of a sign-in."""
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._authenticator_data(self.flags)
        return self._credential(
            clientDataJSON=encode(client_data),
            authenticatorData=encode(data),
            signature=encode(self._sign(data + sha256(client_data).digest())),
            userHandle=encode(self.user_handle),
        )

    def _credential(self, **response: Any) -> dict[str, Any]:
        credential_id = encode(self.credential_id)
        return {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(said | self.client_data).encode()

    def _authenticator_data(self, flags: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4)

    def _sign(self, message: bytes) -> bytes:
        if self.algorithm is EdDSA:
            return bytes(self.key.sign(message))
        if self.algorithm is RS256:
            return bytes(self.key.sign(message, padding.PKCS1v15(), hashes.SHA256()))
        return bytes(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
