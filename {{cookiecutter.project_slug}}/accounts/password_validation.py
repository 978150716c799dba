"""Which passwords are too easy to guess here, beside those that are so everywhere."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

SHORTEST_NAME = 4
"""Letters: shorter ones are in too many words."""
ENOUGH_BESIDE = 8
"""Characters beside the name that are a password by themselves."""
PASSWORD_MAX_LENGTH = 128
"""Long enough for any pass phrase, short enough that hashing one costs what it always costs."""

_UNTYPEABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: the API takes neither."""


class AcceptedAtLoginValidator:
    """Refuses what nobody can sign in with, because the login refuses it before it compares.

    ``UserManager.create_user`` asks it too: ``createsuperuser`` can skip the other validators.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """
        Raises:
            ValidationError: it is empty or too long, or has a character that the API refuses.
        """
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValidationError(
                f"This password has more than {PASSWORD_MAX_LENGTH} characters.",
                code="password_too_long",
            )
        if not password or _UNTYPEABLE.search(password):
            raise ValidationError(
                "This password is empty, or has a character that cannot be typed.",
                code="password_untypeable",
            )

    def get_help_text(self) -> str:
        return f"Your password can\u2019t have more than {PASSWORD_MAX_LENGTH} characters."


class OwnNamesValidator:
    """Refuses the product's name and its address with a little added: "acme2026!" for Acme."""

    def validate(self, password: str, user: Any = None) -> None:
        """
        Raises:
            ValidationError: little is left of the password without those names.
        """
        left = password.lower()
        for name in own_names():
            left = left.replace(name, "")
        if left != password.lower() and len(left) < ENOUGH_BESIDE:
            raise ValidationError(
                "This password is the name of this site with a little added.",
                code="password_is_own_name",
            )

    def get_help_text(self) -> str:
        return "Your password can\u2019t be the name of this site with a little added."


def own_names() -> list[str]:
    """The longest first, so that none hides in another."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    texts = (settings.PROJECT_NAME, host.rpartition(".")[0])
    words = {word for text in texts for word in re.findall(r"\w+", text.lower())}
    joined = settings.PROJECT_NAME.lower().replace(" ", "")
    return sorted({*words, joined} - {w for w in words if len(w) < SHORTEST_NAME}, key=len)[::-1]
