"""The password validator that the login endpoint needs."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PASSWORD_MAX_LENGTH = 128
"""Characters."""
_UNTYPEABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: the API refuses both."""


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
