"""Letters to people about their accounts: one short function each, called by the worker."""

from typing import Any

from mail.letters import letter
from mail.models import Mail


@letter
def password_changed(mail: Mail) -> dict[str, Any]:
    """Tells the owner, who may not have been the one who did it."""
    return {"ip": mail.parameters["ip"], "at": mail.created_at}
