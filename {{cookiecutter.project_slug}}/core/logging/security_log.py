"""The security log. ``docs/security-log.md`` lists the events.

Each line of the log also has the request's id and the client's address
(``core.middleware.request_id``).
"""

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
        account: of the user that the event is about.
        alarming: logs a warning. Normal use hardly ever causes such an event.
        facts: plain values. No token, password, code or address.
    """
    about = {"account": account, "session": session}
    known = {name: str(value) for name, value in about.items() if value is not None}
    _log.log(logging.WARNING if alarming else logging.INFO, event, extra=known | facts)
