"""The e-mails of a mailbox, once a worker has sent those of the outbox."""

import re

from django.conf import settings
from django.core import mail as django_mail
from django.core.mail import EmailMessage

from mail import delivery
from mail.models import Mail


def emails_to(address: str) -> list[EmailMessage]:
    """The e-mails that this address has received, the oldest first."""
    for pk in (
        Mail.objects.filter(state="pending").order_by("created_at").values_list("pk", flat=True)
    ):
        delivery.deliver(pk)
    return [message for message in django_mail.outbox if message.to == [address]]


def link_to(address: str) -> str:
    """The path of the link in the newest e-mail to this address."""
    return link_in(emails_to(address)[-1])


def link_in(message: EmailMessage) -> str:
    here = re.escape(settings.PUBLIC_URL)
    found = re.search(rf"^{here}(/\S+)$", str(message.body), re.MULTILINE)
    assert found, message.body
    return found[1]
