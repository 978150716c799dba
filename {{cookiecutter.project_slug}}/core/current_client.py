"""The client of the current request, for what is recorded far away from the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from core.client_ip import client_ip, history_network_of, user_agent


@dataclass(frozen=True, slots=True)
class CurrentClient:
    network: str
    user_agent: str


_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def bind(request: HttpRequest) -> None:
    _request.set(request)


def forget() -> None:
    _request.set(None)


def current() -> CurrentClient:
    """Empty outside of a request."""
    request = _request.get()
    if request is None:
        return CurrentClient("", "")
    return CurrentClient(history_network_of(client_ip(request)), user_agent(request))


@contextmanager
def hidden() -> Iterator[None]:
    """For what one user does to the account of another, who must not see the client."""
    token = _request.set(None)
    try:
        yield
    finally:
        _request.reset(token)
