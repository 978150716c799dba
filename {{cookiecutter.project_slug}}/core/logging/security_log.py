"""The security log: one event for each thing that somebody may have to look into later.

An event is a name, who it is about and a few facts, never a secret. The request's id and the
client's address are added to every line of the log (``core.middleware.request_id``). What the
events mean, and which of them to watch, is in ``docs/security-log.md``.
"""

import logging
import uuid
from typing import Any

NAME = "security"
"""The logger, so that the events can be sent somewhere of their own."""

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
        event: a name from the table in ``docs/security-log.md``.
        account: whom it is about, None where no account is.
        alarming: a warning, for what an honest person hardly causes.
        facts: plain values. No token, password, code or address.
    """
    about = {"account": account, "session": session}
    known = {name: str(value) for name, value in about.items() if value is not None}
    _log.log(logging.WARNING if alarming else logging.INFO, event, extra=known | facts)
