"""The e-mails about passkeys."""

from typing import Any

from accounts import emails
from mail.messages import email
from mail.models import Mail


@email
def passkey_added(mail: Mail) -> dict[str, Any]:
    return emails.notice_context(mail)


@email
def passkey_deleted(mail: Mail) -> dict[str, Any]:
    return emails.factor_removed_context(mail)
