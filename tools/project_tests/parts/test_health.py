"""The probes of ``/health/ready`` are asked once a second, by one request at a time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.test import Client

from core import health


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    """Each test asks for the first time in its second."""
    health.KEPT.forget()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "commands",
    [
        pytest.param("+@read +ping +info", id="no writes"),
        pytest.param("+@all -evalsha", id="no scripts"),
    ],
)
def test_redis_that_cannot_count_is_unavailable_and_an_error(
    commands: str, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = urlsplit(settings.REDIS_URL)
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.acl_setuser(
            "counter", enabled=True, passwords="+word", keys="*", commands=commands.split()
        )
        reader = url._replace(netloc=f"counter:word@{url.netloc.rpartition('@')[2]}")
        settings.REDIS_URL = reader.geturl()
        try:
            states = client.get("/health/ready").json()
        finally:
            server.acl_deluser("counter")

    assert (states["status"], states["redis"]) == ("degraded", "unavailable")
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [
        "Redis refuses to count: NoPermissionError"
    ]
    assert "counter" not in caplog.text


@pytest.mark.parametrize("requests", [1, 20])
def test_slow_probe_is_asked_once_and_the_others_get_the_last_state(
    requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, kept, now = [], health.KeptState(), [100.0]
    begun, go_on = Event(), Event()

    def answer() -> str:
        asked.append(now[0])
        if len(asked) > 1:
            begun.set()
            assert go_on.wait(10)
        return "ok" if len(asked) == 1 else "degraded"

    monkeypatch.setattr(health, "PROBES", {"mail": answer})
    monkeypatch.setattr("core.health.time.monotonic", lambda: now[0])
    assert kept.state()[0] == "ok"
    now[0] += 5.0

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(kept.state)
        assert begun.wait(10)
        try:
            meanwhile = [kept.state()[0] for _ in range(requests)]
        finally:
            go_on.set()

    assert meanwhile == ["ok"] * requests
    assert (slow.result()[0], len(asked)) == ("degraded", 2)


def test_first_requests_wait_for_one_answer_of_the_probes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, kept, go_on = [], health.KeptState(), Event()

    def answer() -> str:
        asked.append(True)
        assert go_on.wait(10)
        return "ok"

    monkeypatch.setattr(health, "PROBES", {"mail": answer})
    monkeypatch.setattr(health, "KEPT_SECONDS", 3_600)

    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(kept.state) for _ in range(4)]
        go_on.set()

    assert [each.result()[0] for each in answers] == ["ok"] * 4
    assert len(asked) == 1


def test_answer_of_ready_is_kept_for_a_second(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    asked, now = [], [100.0]

    def answer() -> str:
        asked.append(now[0])
        return "ok"

    monkeypatch.setattr(health, "PROBES", {"database": answer})
    monkeypatch.setattr("core.health.time.monotonic", lambda: now[0])

    for passed in (0.0, 0.5, 0.4, 0.2):
        now[0] += passed
        assert client.get("/health/ready").json()["status"] == "ok"

    assert len(asked) == 2
