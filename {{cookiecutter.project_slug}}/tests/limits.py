"""Limits to test with."""

import os
from typing import Any, Protocol

from django.conf import settings

from config.settings.throttling import DEFAULT_RATES
from tests.client import Browser

NEVER_REACHED = ",".join(f"{scope}=100000/day" for scope in DEFAULT_RATES)
"""For ``THROTTLE_RATES`` of other processes: everything is counted."""


class Rates(Protocol):
    def __call__(self, **rates: str) -> None: ...


def redis_of_this_process() -> str:
    """A database of Redis that no other process of pytest-xdist uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{settings.REDIS_URL.partition('?')[0]}?db={1 + int(worker) % 15}"


def stranger(number: int = 1, **options: Any) -> Browser:
    """A client with a network address of its own."""
    return Browser(REMOTE_ADDR=f"198.51.100.{number}", **options)
