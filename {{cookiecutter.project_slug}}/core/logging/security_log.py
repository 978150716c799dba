"""The security log. ``docs/security-log.md`` lists the events."""

import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import Model

NAME = "security"

_log = logging.getLogger(NAME)

Listener = Callable[..., None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Registers a function that gets ``account`` and ``event`` of each event, and its facts.

    It runs in the transaction of the caller. Events without an account are left out.
    """
    _listeners.append(listener)


def record(
    event: str,
    *,
    account: uuid.UUID | None = None,
    session: uuid.UUID | None = None,
    by: Model | None = None,
    alarming: bool = False,
    **facts: Any,
) -> None:
    """Call it in the transaction that the event is about.

    Args:
        by: the administrator who did it.
        alarming: logs a warning, for events that normal use hardly ever causes.
        facts: plain values. No token, password, code or address.
    """
    if by is not None:
        facts["by"] = str(by.pk)
    about = {"account": account, "session": session}
    known = {name: str(value) for name, value in about.items() if value is not None}
    _log.log(logging.WARNING if alarming else logging.INFO, event, extra=known | facts)
    if account is not None:
        for listener in _listeners:
            listener(account=account, event=event, **facts)
