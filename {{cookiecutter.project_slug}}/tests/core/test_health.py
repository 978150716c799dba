"""The health endpoints tell a balancer which server can answer requests."""

from typing import Any

import pytest
from django.test import Client

from core import health

pytestmark = pytest.mark.django_db

FINE = {"status": "ok", "database": "ok", "redis": "ok", "mail": "ok"}


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    """Each test asks for the first time in its second."""
    health.KEPT.forget()


def test_live_makes_no_query(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_answers_when_every_server_does(client: Client) -> None:
    response = client.get("/health/ready")

    assert (response.status_code, response.json()) == (200, FINE)


def test_server_without_redis_is_ready_and_degraded(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == FINE | {"status": "degraded", "redis": "unavailable"}
    assert "redis" in caplog.text


def test_server_without_a_database_is_not_ready_and_does_not_tell_why(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    def fails() -> str:
        raise RuntimeError("secret details")

    monkeypatch.setattr(health, "PROBES", {"database": fails, "redis": fails})

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "unavailable"}


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probe_may_ask_an_address_over_plain_http(path: str, client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["api.example.test"]

    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.post(path).status_code == 405
