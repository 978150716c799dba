"""What a line of the log looks like, and what must not get into one, wherever it comes from."""

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from math import isfinite
from typing import Any
from uuid import UUID

from structlog.contextvars import get_contextvars

# A part of a path with so long a run in it is a link's token, with or without what a mail program
# has put around it. A UUID is shorter.
_TOKEN_LENGTH = 40
_TOKEN_IN_PATH = re.compile(rf"(?<=[/\n])[^/\n]*[\w.:%~=-]{{{_TOKEN_LENGTH},}}[^/\s]*")
# Gunicorn repeats what it could not read, which may be a cookie or a piece of a body.
_UNREADABLE = "Invalid request from ip="
_ITS_KIND = re.compile(rf"({_UNREADABLE}\S*: [^:]*).*", re.DOTALL)

# What a line begins with, a record has of its own, or other formatters have written for themselves.
_NO_FACTS = frozenset(vars(logging.makeLogRecord({}))) | {
    *("time", "level", "logger", "event"),
    *("message", "asctime", "server_time"),
}
_PLAIN = (str, int, float, UUID, date, Decimal, type(None))


class Formatter(logging.Formatter):
    """Formats every record: those of ``logging`` as well as those of structlog.

    Args:
        style: ``json``, for programs, or ``line``, for people.
    """

    def __init__(self, style: str) -> None:
        super().__init__()
        renderers: dict[str, Callable[[dict[str, Any]], str]] = {
            "json": json.dumps,
            "line": _as_line,
        }
        self._render = renderers[style]

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": without_secrets(record.getMessage()),
        }
        # Objects are no facts: Django adds the request to a record, and Celery a task's arguments.
        for name, value in chain(_context().items(), vars(record).items()):
            if name not in _NO_FACTS and isinstance(value, _PLAIN):
                entry[name] = _value(value)
        if record.exc_info:
            entry["exception"] = without_secrets(self.formatException(record.exc_info))
        return self._render(entry)


def without_secrets(text: str) -> str:
    """The text without the tokens of links: Django logs the path of a request that it refuses."""
    if text.startswith(_UNREADABLE):
        text = _ITS_KIND.sub(r"\1", text)
    return _TOKEN_IN_PATH.sub("…", text) if len(text) >= _TOKEN_LENGTH else text


def _context() -> dict[str, Any]:
    """What is bound, with the request's own first: it comes in no order."""
    bound = get_contextvars()
    first = {name: bound[name] for name in ("request_id", "ip") if name in bound}
    return first | bound


def _value(value: Any) -> Any:
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    return without_secrets(str(value))


def _as_line(entry: dict[str, Any]) -> str:
    """An exception follows, indented, so that no line of it begins as an event does."""
    exception = entry.pop("exception", "")
    event = entry.pop("event")
    line = [entry.pop("time"), entry.pop("level").upper(), entry.pop("logger")]
    # What looks like a fact is none of ours.
    line.append(json.dumps(event, ensure_ascii=False) if "=" in event else event)
    line += [f"{name}={_word(value)}" for name, value in entry.items()]
    return "\n    ".join(map(_printable, [" ".join(line), *exception.splitlines()]))


def _word(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r'[^\s"=]+', text) else json.dumps(text, ensure_ascii=False)


def _printable(text: str) -> str:
    """What could begin a new line, move the cursor or turn the direction is written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
