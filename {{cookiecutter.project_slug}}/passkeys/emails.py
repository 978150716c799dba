"""The e-mails about passkeys."""

from typing import Any

from accounts import emails
from accounts.conf import MfaMode, switches
from mail.messages import email
from mail.models import Mail


@email
def passkey_added(mail: Mail) -> dict[str, Any]:
    return emails.notice_context(mail)


@email
def passkey_deleted(mail: Mail) -> dict[str, Any]:
    return {**emails.notice_context(mail), "sets_up_another": switches.mfa_mode is MfaMode.REQUIRED}
