"""A connection to Redis for whoever asks it in every request."""

from contextlib import suppress
from threading import local
from typing import Any

import redis

TIMEOUT = 0.25
"""Seconds that Redis has to answer."""


class ThreadConnection(local):
    """A connection for each thread: taking one from a pool costs more than the question."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
        )
        self._connection: Any = pool.make_connection()
        self._unread = 0

    def request(self, *words: str | int) -> Any:
        """Asked again where the connection breaks, even if only the answer was lost.

        Raises:
            RedisError: it did not answer, or with an error.
        """
        try:
            return self._exchange(words)
        except redis.ConnectionError:
            # The connection may be from before a restart of Redis; it is made anew.
            return self._exchange(words)

    def send(self, *words: str | int) -> None:
        """Does not wait for the answer; the next request throws it away.

        Raises:
            RedisError: it could not be sent.
        """
        try:
            self._send(words)
        except BaseException:
            self._begin_anew()
            raise
        self._unread += 1

    def _exchange(self, words: tuple[str | int, ...]) -> Any:
        try:
            self._send(words)
            self._throw_away_unread()
            return self._connection.read_response()
        except redis.ResponseError:
            raise
        except BaseException:
            self._begin_anew()
            raise

    def _send(self, words: tuple[str | int, ...]) -> None:
        # A health check would take an answer that is still to be read for its own.
        self._connection.send_command(*words, check_health=False)

    def _throw_away_unread(self) -> None:
        while self._unread:
            with suppress(redis.ResponseError):
                self._connection.read_response()
            self._unread -= 1

    def _begin_anew(self) -> None:
        """No answer may be taken for that of another request, even after a failure."""
        self._connection.disconnect()
        self._unread = 0
