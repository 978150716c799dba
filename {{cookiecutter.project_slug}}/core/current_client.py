"""The client of the current request, for what is recorded far away from the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from core.client_ip import client_ip, prefix_of, user_agent


@dataclass(frozen=True, slots=True)
class CurrentClient:
    network: str
    user_agent: str


_UNKNOWN = CurrentClient("", "")
_current: ContextVar[CurrentClient] = ContextVar("current_client", default=_UNKNOWN)


def bind(request: HttpRequest) -> None:
    _current.set(CurrentClient(prefix_of(client_ip(request)), user_agent(request)))


def forget() -> None:
    _current.set(_UNKNOWN)


def current() -> CurrentClient:
    """Empty outside of a request."""
    return _current.get()


@contextmanager
def hidden() -> Iterator[None]:
    """For what one user does to the account of another, who must not see the client."""
    token = _current.set(_UNKNOWN)
    try:
        yield
    finally:
        _current.reset(token)
