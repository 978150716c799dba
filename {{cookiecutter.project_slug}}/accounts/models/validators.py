"""Validators of names, and of passwords at login."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PASSWORD_MAX_LENGTH = 128
"""Characters."""
_UNTYPEABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: the API refuses both."""
_CONTROL_CHARACTER_OR_URL = re.compile(r"[\x00-\x1f\x7f-\x9f]|://|\bwww\.", re.IGNORECASE)


def validate_person_name(name: str) -> None:
    # E-mails contain the names: an attacker must not be able to put a link there.
    if _CONTROL_CHARACTER_OR_URL.search(name):
        raise ValidationError(
            _("A name must not contain control characters or a web address."), code="invalid_name"
        )


class AcceptedAtLoginValidator:
    """Refuses a password that the login endpoint refuses before it verifies it."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValidationError(
                _("This password has more than {limit} characters.").format(
                    limit=PASSWORD_MAX_LENGTH
                ),
                code="password_too_long",
            )
        if not password or _UNTYPEABLE.search(password):
            raise ValidationError(
                _("This password is empty or contains an invalid character."),
                code="password_untypeable",
            )

    def get_help_text(self) -> str:
        sentence = _("Your password can\u2019t have more than {limit} characters.")
        return sentence.format(limit=PASSWORD_MAX_LENGTH)
