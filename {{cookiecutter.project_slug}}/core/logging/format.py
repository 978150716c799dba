"""The format of log lines. It removes secrets from each line."""

import json
import logging
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from structlog.contextvars import get_contextvars

# A part of a path with so long a run of these characters holds a link's token, also if a mail
# program has added characters around it. A UUID is shorter.
_TOKEN_LENGTH = 40
_TOKEN_IN_PATH = re.compile(rf"(?<=[/\n])[^/\n]*[\w.:%~=-]{{{_TOKEN_LENGTH},}}[^/\s]*")
# Gunicorn repeats input that it could not read, such as a cookie or a part of a body.
_UNREADABLE = "Invalid request from ip="
_KIND_OF_UNREADABLE = re.compile(rf"({_UNREADABLE}\S*: [^:]*).*", re.DOTALL)

# Attributes of each record, the keys of a line, and attributes that other formatters add.
_NO_FACTS = frozenset(vars(logging.makeLogRecord({}))) | {
    *("time", "level", "logger", "event"),
    *("message", "asctime", "server_time"),
}
_PLAIN = (str, int, float, UUID, date, Decimal, type(None))


class Formatter(logging.Formatter):
    """Formats the records of ``logging`` and structlog in the style ``json`` or ``line``."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self._is_line = style == "line"

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": without_secrets(_message(record)),
        }
        # No objects: Django adds the request to a record, and Celery a task's arguments.
        for name, value in {**_context(), **vars(record)}.items():
            if name not in _NO_FACTS and isinstance(value, _PLAIN):
                entry[name] = _value(value)
        if record.exc_info:
            entry["exception"] = without_secrets(self.formatException(record.exc_info))
        return _as_line(entry) if self._is_line else json.dumps(entry)


def _message(record: logging.LogRecord) -> str:
    text = record.getMessage()
    # Celery's beat repeats the stack below its message.
    return text.partition("\n")[0] if record.exc_info else text


def without_secrets(text: str) -> str:
    """Removes the tokens of links: Django logs the path of a request that it refuses."""
    if text.startswith(_UNREADABLE):
        text = _KIND_OF_UNREADABLE.sub(r"\1", text)
    return _TOKEN_IN_PATH.sub("…", text) if len(text) >= _TOKEN_LENGTH else text


def _context() -> dict[str, Any]:
    # structlog returns them in no defined order.
    bound = get_contextvars()
    return {name: bound[name] for name in ("request_id", "ip") if name in bound} | bound


def _value(value: Any) -> Any:
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    return without_secrets(str(value))


def _as_line(entry: dict[str, Any]) -> str:
    """One line. An exception follows, indented: none of its lines looks like another event."""
    exception = entry.pop("exception", "")
    event = entry.pop("event")
    line = [entry.pop("time"), entry.pop("level").upper(), entry.pop("logger")]
    # Quoted, so that no event can imitate a fact.
    line.append(json.dumps(event, ensure_ascii=False) if "=" in event else event)
    line += [f"{name}={_word(value)}" for name, value in entry.items()]
    return "\n    ".join(map(_printable, [" ".join(line), *exception.splitlines()]))


def _word(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r'[^\s"=]+', text) else json.dumps(text, ensure_ascii=False)


def _printable(text: str) -> str:
    """Escapes characters that begin a line, move the cursor or change the direction of text."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
