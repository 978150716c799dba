"""Values that a provider sends, made fit for our tables."""

import base64
import hashlib
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import validate_person_name
from core import email_address


def text(value: Any, max_length: int = 150) -> str:
    """The value as it is if it is a text that fits, else ""."""
    is_fit = isinstance(value, str) and len(value) <= max_length and value.isprintable()
    return value if is_fit else ""


def address(value: Any) -> str:
    """A normalised address, or "" if the value is none that we accept."""
    found = email_address.normalise(text(value, email_address.MAX_LENGTH))
    try:
        email_address.validate(found)
        email_address.refuse_link(found)
    except ValidationError:
        return ""
    return found


def person_name(value: Any) -> str:
    """A name that users may have, or ""."""
    name = text(value).strip()
    try:
        validate_person_name(name)
    except ValidationError:
        return ""
    return name


def is_true(value: Any) -> bool:
    """Some providers write booleans as texts."""
    return value is True or value in ("true", "1")


def pkce_challenge(verifier: str) -> str:
    """The S256 challenge of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
