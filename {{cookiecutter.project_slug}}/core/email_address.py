"""E-mail addresses in the one spelling that is compared, stored and counted.

The domain is in its ASCII form (IDNA 2008 with the mapping of UTS 46, non-transitional), so that
``ada@bücher.example`` and ``ada@xn--bcher-kva.example`` are one mailbox.
"""

from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_LENGTH = 254
"""Of an address in its ASCII form: what SMTP can carry (RFC 5321, erratum 1690)."""


def normalise(address: str) -> str:
    """The address in lower case, its domain in ASCII.

    What has no such form comes back as it is, in lower case where it can be: look-ups do not fail,
    and ``validate`` refuses it.
    """
    name, at, domain = address.strip().rpartition("@")
    try:
        domain = _to_ascii(domain)
    except UnicodeError:
        domain = domain.lower()
    # The lower case of some other letters is an ASCII one: that would be somebody else's mailbox.
    return f"{name.lower() if name.isascii() else name}{at}{domain}"


def validate(address: str) -> None:
    """
    Args:
        address: from ``normalise``.

    Raises:
        ValidationError: no e-mail can be sent to it.
    """
    name, _at, domain = address.rpartition("@")
    if not name.isascii():
        # Few servers take such an e-mail (SMTPUTF8, RFC 6531), and Django does not send it.
        raise ValidationError(
            _("Only the domain of an e-mail address may have other letters than a-z."),
            code="invalid",
        )
    try:
        _to_ascii(domain)
    except UnicodeError:
        raise ValidationError(
            _("The domain of the e-mail address is invalid."), code="invalid"
        ) from None
    validate_email(address)
    if len(address) > MAX_LENGTH:
        raise ValidationError(_("The e-mail address is too long."), code="max_length")


def refuse_link(address: str) -> None:
    """E-mails name an address to others, so it must not carry a link."""
    if set(address) & set('"/'):
        raise ValidationError(_("An e-mail address must not contain a quotation mark or a slash."))


class LowercaseEmailField(models.EmailField):
    """Stored, looked up and compared in one spelling for each mailbox: see ``normalise``."""

    default_validators = [validate, refuse_link]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalise(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))


def _to_ascii(domain: str) -> str:
    """
    Raises:
        UnicodeError: it has no such form.
    """
    lowered = domain.lower()
    # Most domains are in ASCII already, and IDNA is stricter than the DNS: it refuses ``a--b``.
    if domain.isascii() and "xn--" not in lowered:
        return lowered
    if len(domain) > MAX_LENGTH:
        raise idna.IDNAError("too long")
    return idna.encode(domain, uts46=True).decode()
