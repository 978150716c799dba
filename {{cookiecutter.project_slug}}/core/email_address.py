"""E-mail addresses in one spelling, in which they are compared, stored and counted.

The domain is in its ASCII form (IDNA 2008 with the mapping of UTS 46, non-transitional), so that
``ada@bücher.example`` and ``ada@xn--bcher-kva.example`` are one mailbox.
"""

from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

# Of an address in its ASCII form: the limit of SMTP (RFC 5321, erratum 1690).
MAX_LENGTH = 254


def normalise(address: str) -> str:
    """The address in lower case, with its domain in ASCII. ``validate`` refuses invalid domains."""
    name, at, domain = address.strip().rpartition("@")
    try:
        domain = _to_ascii(domain)
    except UnicodeError:
        domain = domain.lower()
    # Some other letters have an ASCII letter as lower case: the result would be another mailbox.
    return f"{name.lower() if name.isascii() else name}{at}{domain}"


def validate(address: str) -> None:
    """Raises ``ValidationError`` for a normalised address that no e-mail can be sent to."""
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
    # E-mails to other users quote an address, so it must not contain a link.
    if set(address) & set('"/'):
        raise ValidationError(_("An e-mail address must not contain a quotation mark or a slash."))


class LowercaseEmailField(models.EmailField):
    """Stores and compares addresses as ``normalise`` spells them."""

    default_validators = [validate, refuse_link]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalise(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))


def _to_ascii(domain: str) -> str:
    """Raises ``UnicodeError`` for a domain without an ASCII form."""
    lowered = domain.lower()
    # IDNA is stricter than the DNS: it refuses ``a--b``.
    if domain.isascii() and "xn--" not in lowered:
        return lowered
    if len(domain) > MAX_LENGTH:
        raise idna.IDNAError("too long")
    return idna.encode(domain, uts46=True).decode()
