"""E-mails: a short function says what one is about, a template says it in words.

The template ``mail/<kind>.txt`` fills four blocks with plain text: ``subject``, ``before`` and
``after`` the link, and ``action``, the words on the link. Text and HTML are made from the same.
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
    """What an e-mail says, from its row: the context of its template."""

    __name__: str

    def __call__(self, mail: Mail, /) -> dict[str, Any]: ...


EMAILS: dict[str, Email] = {}


class UnknownEmail(LookupError):  # noqa: N818  its name is what the row and the log say
    """Nobody has registered an e-mail of this kind: the worker has not been started since, say."""


class UndeliverableAddress(ValueError):  # noqa: N818  its name is what the row and the log say
    """No mail server can be asked to send to the recipient's address."""


class Obsolete(Exception):  # noqa: N818  not an error: what the e-mail was about is over
    """Raised by an e-mail that must not be sent any more."""


E = TypeVar("E", bound=Email)


def email(function: E) -> E:
    """Registers the function as the e-mail of its name.

    The worker calls it when the e-mail is sent, so this is where a link is made. It returns what
    the template needs, and ``link`` if there is one; it may raise ``Obsolete``.

    Raises:
        ImproperlyConfigured: another function has this name, so that one of the two would be lost.
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
        Obsolete: the e-mail is not to be sent any more.
        UnknownEmail: there is no e-mail of this kind.
    """
    if mail.kind not in EMAILS:
        raise UnknownEmail(mail.kind)
    recipient = _deliverable(mail.recipient)
    common = {"product": settings.PROJECT_NAME, "front_end": settings.FRONTEND_URL}
    context = common | EMAILS[mail.kind](mail)
    parts = {part: _render_part(mail.kind, part, context) for part in PARTS}
    message = EmailMultiAlternatives(
        # One line, always: a second one would be a header.
        subject=" ".join(parts["subject"].split()),
        body=render_to_string("mail/message.txt", context | parts),
        to=[recipient],
        # RFC 3834: so that no out-of-office reply comes back.
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
    # Plain text: escaping is the business of the HTML around it.
    rendered: str = template.render(Context({**context, "part": part}, autoescape=False))
    return rendered.strip()
