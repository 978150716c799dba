"""The e-mail about a new token."""

from typing import Any

from accounts import emails
from mail.messages import email
from mail.models import Mail


@email
def api_token_created(mail: Mail) -> dict[str, Any]:
    return emails.notice_context(mail)
