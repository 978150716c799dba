"""Renders e-mails. Each has a function for its context and a template for its text.

The template ``mail/<kind>.txt`` fills four blocks with plain text: ``subject``, ``before`` and
``after`` the link, and ``action``, the text of the link. Both text and HTML use these blocks.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core import email_address
from mail.models import Mail

PARTS = ("subject", "before", "action", "after")


class Email(Protocol):
    """Returns the context of the e-mail's template."""

    __name__: str

    def __call__(self, mail: Mail, /) -> dict[str, Any]: ...


EMAILS: dict[str, Email] = {}


class UnknownEmail(LookupError):  # noqa: N818  the row and the log show its name
    """No function is registered for this kind. The worker may run an earlier release."""


class UndeliverableAddress(ValueError):  # noqa: N818  the row and the log show its name
    """The recipient's address cannot be used with SMTP."""


class Obsolete(Exception):  # noqa: N818  not an error
    """The reason for the e-mail no longer exists: it must not be sent."""


E = TypeVar("E", bound=Email)


def email(function: E) -> E:
    """Registers a function as a kind of e-mail.

    The worker calls it for each attempt: it makes the link, returns the context of the template
    (with ``link``, if any), or raises ``Obsolete``.

    Raises:
        ImproperlyConfigured: another function has this name.
    """
    known = EMAILS.setdefault(function.__name__, function)
    if known is not function:
        raise ImproperlyConfigured(
            f"Two e-mails are named {function.__name__!r}, in {known.__module__} and in "
            f"{function.__module__}: rename one of the two functions and its template."
        )
    return function


_find_language: list[Callable[[Mail], str]] = []


def language_finder(function: Callable[[Mail], str]) -> Callable[[Mail], str]:
    """Registers the function that returns the language of an e-mail, or "" if it knows none."""
    _find_language[:] = [function]
    return function


def render(mail: Mail) -> EmailMultiAlternatives:
    """Raises ``UnknownEmail``, ``UndeliverableAddress`` or ``Obsolete``."""
    if mail.kind not in EMAILS:
        raise UnknownEmail(mail.kind)
    recipient = _deliverable(mail.recipient)
    with translation.override(_language_of(mail)):
        return _render(mail, recipient)


def _language_of(mail: Mail) -> str:
    found = {find(mail) for find in _find_language}
    offered = [code for code, _name in settings.LANGUAGES if code in found]
    return next(iter(offered), settings.LANGUAGE_CODE)


def _render(mail: Mail, recipient: str) -> EmailMultiAlternatives:
    facts = {name: _as_text(value) for name, value in EMAILS[mail.kind](mail).items()}
    common = {"product": settings.PROJECT_NAME, "front_end": settings.FRONTEND_URL}
    context = common | facts
    parts = {part: _render_part(mail.kind, part, context) for part in PARTS}
    message = EmailMultiAlternatives(
        # One line: a second one would be a header.
        subject=" ".join(parts["subject"].split()),
        body=render_to_string("mail/message.txt", context | parts),
        to=[recipient],
        # Prevents automatic replies (RFC 3834).
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("mail/message.html", context | parts), "text/html")
    return message


def _as_text(value: Any) -> Any:
    """A time as the language writes it."""
    if not isinstance(value, datetime):
        return value
    # Translators: a format of Django's `date` filter.
    return date_format(timezone.localtime(value), _("j F Y, H:i e"))


def _deliverable(recipient: str) -> str:
    address = email_address.normalise(recipient)
    try:
        email_address.validate(address)
    except ValidationError:
        raise UndeliverableAddress from None
    return address


def _render_part(kind: str, part: str, context: dict[str, Any]) -> str:
    template = Engine.get_default().get_template(f"mail/{kind}.txt")
    # Plain text. ``message.html`` escapes it.
    rendered: str = template.render(Context({**context, "part": part}, autoescape=False))
    return rendered.strip()
