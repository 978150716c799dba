"""Password validators of this project."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.services.passwords import leaked_passwords

SHORTEST_NAME = 4
"""Characters. Shorter names occur in too many other words."""
ENOUGH_BESIDE = 8
"""Characters that must remain without the names."""


class OwnNamesValidator:
    """Refuses the project's name or domain with few added characters: "acme2026!" for Acme."""

    def validate(self, password: str, user: Any = None) -> None:
        left = password.lower()
        for name in own_names():
            left = left.replace(name, "")
        if left != password.lower() and len(left) < ENOUGH_BESIDE:
            raise ValidationError(
                _("This password is too similar to the name of this site."),
                code="password_is_own_name",
            )

    def get_help_text(self) -> str:
        return str(_("Your password can\u2019t be too similar to the name of this site."))


class LeakedPasswordValidator:
    """Refuses a password that a data breach has made public."""

    def validate(self, password: str, user: Any = None) -> None:
        if leaked_passwords.is_leaked(password):
            raise ValidationError(
                _(
                    "This password has appeared in a data breach, and attackers try it. "
                    "Choose another one."
                ),
                code="password_leaked",
            )

    def get_help_text(self) -> str:
        return str(_("Your password can\u2019t be one that has appeared in a data breach."))


def own_names() -> list[str]:
    """The longest first: one can contain another."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    texts = (settings.PROJECT_NAME, host.rpartition(".")[0])
    words = {word for text in texts for word in re.findall(r"\w+", text.lower())}
    joined = settings.PROJECT_NAME.lower().replace(" ", "")
    short = {word for word in words if len(word) < SHORTEST_NAME}
    return sorted({*words, joined} - short, key=len, reverse=True)
