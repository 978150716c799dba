"""Options and responses of WebAuthn. The only module that uses ``fido2``."""

import uuid
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    AuthenticatorTransport,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import User
from passkeys import conf
from passkeys.models import Passkey

Options = dict[str, Any]
"""As ``PublicKeyCredential.parseCreationOptionsFromJSON()`` takes them in a browser."""


class CeremonyError(Exception):
    """The response of the authenticator is not valid."""


@dataclass(frozen=True, slots=True)
class Registered:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: uuid.UUID
    user_verified: bool
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Verified:
    sign_count: int
    user_verified: bool
    backed_up: bool


def creation_options(user: User, *, held: Iterable[Passkey], challenge: bytes) -> Options:
    options, _ = _server().register_begin(
        # The user handle must not identify the user to others (Level 3, section 14.6.1).
        PublicKeyCredentialUserEntity(
            id=user.pk.bytes, name=user.email, display_name=user.get_full_name() or user.email
        ),
        credentials=_descriptors(held),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
        challenge=challenge,
    )
    return dict(options.public_key)


def request_options(
    *, challenge: bytes, held: Iterable[Passkey] | None, verify_user: bool
) -> Options:
    """
    Args:
        held: the passkeys that are accepted; None for any discoverable one.
        verify_user: whether the authenticator must ask for a PIN, a finger or a face.
    """
    options, _ = _server().authenticate_begin(
        credentials=None if held is None else _descriptors(held),
        user_verification=_requirement(verify_user),
        challenge=challenge,
    )
    return dict(options.public_key)


def read_id(credential: dict[str, Any]) -> bytes:
    """The id of the credential; b"" if it is not Base64url."""
    try:
        return websafe_decode(credential["rawId"])
    except ValueError:
        return b""


def register(credential: dict[str, Any], *, challenge: bytes) -> Registered:
    """Raises ``CeremonyError``."""
    with _refusing_malformed():
        response = RegistrationResponse.from_dict(credential)
        _refuse_frame(response.response.client_data)
        data = _server().register_complete(_state(challenge), response)
        return _read(response, data)


def verify(
    credential: dict[str, Any],
    *,
    passkey: Passkey,
    challenge: bytes,
    verify_user: bool,
    origins: Set[str] | None = None,
) -> Verified:
    """
    Args:
        origins: of the pages that may ask; None for all that are accepted.

    Raises:
        CeremonyError: the response is not valid.
    """
    with _refusing_malformed():
        response = AuthenticationResponse.from_dict(credential)
        _refuse_frame(response.response.client_data)
        _check_user_handle(response, passkey, is_required=verify_user)
        state = _state(challenge, verify_user=verify_user)
        _server(origins).authenticate_complete(state, [_stored(passkey)], response)
        data = response.response.authenticator_data
        # The authenticator decides once whether a passkey may be synchronised (Level 3, 6.1.3).
        if data.is_backup_eligible() != passkey.backup_eligible:
            raise CeremonyError
        _refuse_contradiction(data)
        return Verified(
            sign_count=data.counter,
            user_verified=data.is_user_verified(),
            backed_up=data.is_backed_up(),
        )


@contextmanager
def _refusing_malformed() -> Iterator[None]:
    try:
        yield
    # fido2 raises many types of exceptions for malformed input, AssertionError among them.
    except Exception as error:
        raise CeremonyError from error


def _server(origins: Set[str] | None = None) -> Fido2Server:
    accepted = conf.accepted_origins() if origins is None else origins
    return _server_of(conf.rp_id(), settings.PROJECT_NAME, frozenset(accepted))


# Cached: to make one takes a fifth of a sign-in.
@lru_cache(maxsize=8)
def _server_of(rp_id: str, name: str, origins: frozenset[str]) -> Fido2Server:
    party = PublicKeyCredentialRpEntity(id=rp_id, name=name)
    return Fido2Server(party, verify_origin=lambda origin: origin in origins)


def _state(challenge: bytes, *, verify_user: bool = False) -> dict[str, Any]:
    """What ``Fido2Server`` returns with the options."""
    return {"challenge": websafe_encode(challenge), "user_verification": _requirement(verify_user)}


def _requirement(verify_user: bool) -> UserVerificationRequirement:
    required, discouraged = (
        UserVerificationRequirement.REQUIRED,
        UserVerificationRequirement.DISCOURAGED,
    )
    return required if verify_user else discouraged


def _refuse_frame(client_data: CollectedClientData) -> None:
    # The page was shown in a frame of another origin (Level 3, section 13.4.9).
    if client_data.cross_origin:
        raise CeremonyError


def _refuse_contradiction(data: AuthenticatorData) -> None:
    if data.is_backed_up() and not data.is_backup_eligible():
        raise CeremonyError


def _check_user_handle(
    response: AuthenticationResponse, passkey: Passkey, *, is_required: bool
) -> None:
    handle = response.response.user_handle
    if handle != passkey.user_id.bytes and (handle or is_required):
        raise CeremonyError


def _read(response: RegistrationResponse, data: AuthenticatorData) -> Registered:
    made = data.credential_data
    if made is None or made.credential_id != response.raw_id:
        raise CeremonyError
    _refuse_contradiction(data)
    if made.public_key.ALGORITHM not in CoseKey.supported_algorithms():
        raise CeremonyError
    return Registered(
        credential_id=made.credential_id,
        public_key=cbor.encode(made.public_key),
        sign_count=data.counter,
        aaguid=uuid.UUID(bytes=bytes(made.aaguid)),
        user_verified=data.is_user_verified(),
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
    )


def _stored(passkey: Passkey) -> AttestedCredentialData:
    key = CoseKey.parse(cast(Any, cbor.decode(bytes(passkey.public_key))))
    return AttestedCredentialData.create(passkey.aaguid.bytes, bytes(passkey.credential_id), key)


def _descriptors(held: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY,
            id=bytes(passkey.credential_id),
            # fido2 would send a transport that it does not know as null.
            transports=[*filter(None, map(AuthenticatorTransport, passkey.transports))],
        )
        for passkey in held
    ]
