"""The e-mails about connected accounts."""

from typing import Any

from accounts import emails
from mail.messages import email
from mail.models import Mail


@email
def provider_connected(mail: Mail) -> dict[str, Any]:
    return emails.notice_context(mail)


@email
def provider_disconnected(mail: Mail) -> dict[str, Any]:
    return emails.notice_context(mail)
