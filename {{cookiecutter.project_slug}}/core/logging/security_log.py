"""The security log. ``docs/security-log.md`` lists the events."""

import logging
import uuid
from typing import Any

NAME = "security"

_log = logging.getLogger(NAME)


def record(
    event: str,
    *,
    account: uuid.UUID | None = None,
    session: uuid.UUID | None = None,
    alarming: bool = False,
    **facts: Any,
) -> None:
    """
    Args:
        alarming: logs a warning, for events that normal use hardly ever causes.
        facts: plain values. No token, password, code or address.
    """
    about = {"account": account, "session": session}
    known = {name: str(value) for name, value in about.items() if value is not None}
    _log.log(logging.WARNING if alarming else logging.INFO, event, extra=known | facts)
