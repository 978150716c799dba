"""The e-mails about connected accounts."""

from typing import Any

from mail.messages import email
from mail.models import Mail


@email
def provider_connected(mail: Mail) -> dict[str, Any]:
    return {**mail.parameters, "at": mail.created_at}


@email
def provider_disconnected(mail: Mail) -> dict[str, Any]:
    return {**mail.parameters, "at": mail.created_at}
