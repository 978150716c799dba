"""The three places where no secret may lie, each as one text to search: broker, database and log.

Base64 is searched too, as what it stands for: so do Celery's messages hold their arguments.
"""

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import Any

import redis
from django.db import connection

from tests.mail.stage import Stage

_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_READERS: dict[str, Callable[["redis.Redis", str], Any]] = {
    # It has gone since it was listed.
    "none": lambda broker, key: "",
    "string": lambda broker, key: broker.get(key),
    "list": lambda broker, key: broker.lrange(key, 0, -1),
    "hash": lambda broker, key: broker.hgetall(key),
    "set": lambda broker, key: broker.smembers(key),
    "zset": lambda broker, key: broker.zrange(key, 0, -1),
}


class Places:
    """Made by ``searchable_places``."""

    def __init__(self, stage: Stage, broker: "redis.Redis") -> None:
        self._stage = stage
        self._broker = broker
        self._heard: SimpleQueue[str] = SimpleQueue()
        self._commands: list[str] = []

    def look(self) -> dict[str, str]:
        """All that is in them now, and every command that the broker has got until now."""
        texts = {
            "broker": self._traffic() + contents(self._broker),
            "database": rows(),
            "log": self._stage.logs(),
        }
        return {place: searchable(text) for place, text in texts.items()}

    def listen(self, monitor: Any, end: str) -> None:
        """Until this word is in a command."""
        for heard in monitor.listen():
            self._heard.put(heard["command"])
            if end in heard["command"]:
                return

    def _traffic(self) -> str:
        mark = str(uuid.uuid4())
        self._broker.echo(mark)
        while mark not in (command := self._heard.get(timeout=10)):
            self._commands.append(command)
        return "\n".join(self._commands)


@contextmanager
def searchable_places(stage: Stage) -> Iterator[Places]:
    """Hears all that is said to the broker until the end of the ``with`` block."""
    end = str(uuid.uuid4())
    with stage.broker() as broker, broker.monitor() as monitor:
        places = Places(stage, broker)
        thread = Thread(target=places.listen, args=(monitor, end))
        thread.start()
        try:
            yield places
        finally:
            broker.echo(end)
            thread.join()


def contents(broker: "redis.Redis") -> str:
    """All that the broker holds."""
    return "\n".join(
        f"{key} {_READERS[str(broker.type(key))](broker, key)}" for key in broker.scan_iter()
    )


def rows() -> str:
    """Every row of every table."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        of_each = [_rows(cursor, connection.ops.quote_name(table)) for table in tables]
    return "\n".join(of_each)


def _rows(cursor: Any, table: str) -> str:
    cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608  the name is the database's own
    return "\n".join(row for (row,) in cursor.fetchall())


def searchable(text: str) -> str:
    """The text, and below it what its parts in Base64 stand for."""
    return "\n".join([text, *map(_decoded, _BASE64.findall(text))])


def _decoded(part: str) -> str:
    whole = part.rstrip("=")
    whole = whole[: len(whole) - (len(whole) % 4 == 1)]
    return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode(errors="replace")
