"""Registers the kinds of e-mails, and renders them.

A function returns the context of an e-mail. The template ``mail/<function>.txt`` has its texts in
four blocks: ``subject``, ``before`` and ``after`` the link, and ``action``, the label of the link.
Text and HTML are rendered from the same blocks.
"""

from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string

from core import email_address
from mail.models import Mail

PARTS = ("subject", "before", "action", "after")


class Email(Protocol):
    """Returns the context of the template, from the row."""

    __name__: str

    def __call__(self, mail: Mail, /) -> dict[str, Any]: ...


EMAILS: dict[str, Email] = {}


class UnknownEmail(LookupError):  # noqa: N818  the row and the log show the name
    """No function of this name is registered, for example in a worker of an older release."""


class UndeliverableAddress(ValueError):  # noqa: N818  the row and the log show the name
    """No e-mail can be sent to the recipient's address."""


class Obsolete(Exception):  # noqa: N818  not an error
    """Raised by the function of an e-mail that must not be sent any more."""


E = TypeVar("E", bound=Email)


def email(function: E) -> E:
    """Registers a function as a kind of e-mail.

    The worker calls it when it sends the e-mail, and it makes the link then. It returns the context
    of the template, with ``link`` if there is one, or raises ``Obsolete``.

    Raises:
        ImproperlyConfigured: another registered function has the same name.
    """
    known = EMAILS.setdefault(function.__name__, function)
    if known is not function:
        raise ImproperlyConfigured(
            f"Two e-mails are named {function.__name__!r}, in {known.__module__} and in "
            f"{function.__module__}: rename one of the two functions and its template."
        )
    return function


def render(mail: Mail) -> EmailMultiAlternatives:
    """
    Raises:
        UndeliverableAddress: the recipient's address cannot be encoded.
        Obsolete: the e-mail must not be sent any more.
        UnknownEmail: no function of this kind is registered.
    """
    if mail.kind not in EMAILS:
        raise UnknownEmail(mail.kind)
    recipient = _deliverable(mail.recipient)
    context = {"product": settings.PROJECT_NAME, **EMAILS[mail.kind](mail)}
    parts = {part: _render_part(mail.kind, part, context) for part in PARTS}
    message = EmailMultiAlternatives(
        # Against header injection: one line.
        subject=" ".join(parts["subject"].split()),
        body=render_to_string("mail/message.txt", context | parts),
        to=[recipient],
        # RFC 3834: no automatic reply comes back.
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("mail/message.html", context | parts), "text/html")
    return message


def _deliverable(recipient: str) -> str:
    address = email_address.normalise(recipient)
    try:
        email_address.validate(address)
    except ValidationError:
        raise UndeliverableAddress from None
    return address


def _render_part(kind: str, part: str, context: dict[str, Any]) -> str:
    template = Engine.get_default().get_template(f"mail/{kind}.txt")
    # Plain text. The HTML template escapes it.
    rendered: str = template.render(Context({**context, "part": part}, autoescape=False))
    return rendered.strip()
