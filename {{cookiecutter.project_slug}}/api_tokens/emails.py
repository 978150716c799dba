"""The e-mail about a new token."""

from typing import Any

from mail.messages import email
from mail.models import Mail


@email
def api_token_created(mail: Mail) -> dict[str, Any]:
    return {**mail.parameters, "at": mail.created_at}
