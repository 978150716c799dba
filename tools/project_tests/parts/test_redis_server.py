"""``REDIS_URL``: what it may say, and that what it may not say is refused without quoting it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
import redis
from django.core.checks import run_checks
from django.core.management.base import SystemCheckError

from core.checks import STARTUP, refuse_bad_settings
from core.redis_server import NOWHERE, is_outage, reason, server_at
from core.setting_error import SettingError
from project_tests.environment import environment_of, settings_of
from project_tests.served.redis_servers import Authority

SECRET = "hunter2"


def test_celery_gets_what_redis_py_found() -> None:
    read = settings_of(REDIS_URL="valkey://ada:p%2Fw@cache.test:7000/4")

    assert read["CELERY_BROKER_URL"] == "redis://ada:p%2Fw@cache.test:7000/4"
    assert not read["CELERY_BROKER_USE_SSL"]


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://cache.test", "redis://cache.test:6379/0"),
        ("redis://cache.test?db=3", "redis://cache.test:6379/3"),
        ("redis://[::1]:7000/1", "redis://%3A%3A1:7000/1"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ("unix://:w@/run/a%20b?db=3", "redis+socket://:w@/run/a%20b?virtual_host=3"),
        ("sentinel://a,b:7/2?master=m", "sentinel://a:26379/2;sentinel://b:7/2"),
    ],
)
def test_broker_is_the_same_database(url: str, broker: str) -> None:
    assert server_at(url).broker(timeout=1)["url"] == broker


@pytest.mark.parametrize("scheme", ["rediss", "valkeys"])
def test_certificates_are_verified_unless_the_owner_says_otherwise(
    scheme: str, tmp_path: Path
) -> None:
    authority = str(Authority(tmp_path).file)
    verified = settings_of(REDIS_URL=f"{scheme}://cache.test?ssl_ca_certs={authority}")
    unverified = settings_of(REDIS_URL=f"{scheme}://cache.test?ssl_cert_reqs=none")

    assert verified["CELERY_BROKER_USE_SSL"] == {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": authority,
    }
    assert unverified["CELERY_BROKER_USE_SSL"]["ssl_cert_reqs"] == "none"


def test_tls_without_verification_is_warned_of() -> None:
    with environment_of(REDIS_URL="rediss://cache.test?ssl_cert_reqs=none"):
        [problem] = run_checks(tags=[STARTUP])
        refuse_bad_settings()

    assert problem.msg.startswith("REDIS_URL should not have ssl_cert_reqs=none")


REFUSED = [
    ("", "must be set"),
    (f"http://:{SECRET}@cache.test", "must begin with one of redis://, valkey://"),
    (f"redis+socket://:{SECRET}@/run/valkey.sock", "must begin with one of"),
    (f"redis://:{SECRET}#1@cache.test", "cannot be read"),
    (f"redis://:1#{SECRET}@cache.test", "cannot be read"),
    (f"redis://:1/{SECRET}@cache.test", "must name a host"),
    (f"redis://ada:1/{SECRET}@cache.test", "must end with the number of a database"),
    (f"redis://ada:{SECRET}/1@cache.test", "must end with the number"),
    (f"redis://ada:1?{SECRET}@cache.test", "must have no other option"),
    (f"redis://ada:1?{SECRET}&a@cache.test", "must have no other option"),
    (f"redis://:{SECRET}[@cache.test", "cannot be read"),
    (f"redis://:{SECRET}@", "must name a host"),
    (f"redis://:{SECRET}@cache.test/name", "must end with the number of a database"),
    (f"redis://:{SECRET}@cache.test?db=one", "must have a number in ?db="),
    (f"redis://:{SECRET}@cache.test?max_connections=9", "must have no other option"),
    (f"redis://:{SECRET}@cache.test?ssl_cert_reqs=none", "must have no other option"),
    (f"rediss://:{SECRET}@cache.test?ssl_cert_reqs=maybe", "must have required or none"),
    (f"rediss://:{SECRET}@cache.test?ssl_ca_certs=/nowhere", "must name readable files in PEM by"),
    (f"rediss://:{SECRET}@cache.test?ssl_ca_certs={__file__}", "must name readable files in PEM"),
    (f"rediss://:{SECRET}@cache.test?ssl_certfile={__file__}", "must name readable files in PEM"),
    (f"rediss://:{SECRET}@cache.test?ssl_keyfile={__file__}", "must name readable files in PEM"),
    (f"unix://:{SECRET}@", "must name the socket"),
    (f"unix://:{SECRET}@run/valkey.sock", "must name the socket"),
    (f"sentinel://:{SECRET}@one,two/0", "must name the server that Sentinel watches"),
    (f"sentinel://:{SECRET}@one,/0?master=m", "must separate Sentinels"),
    (f"sentinel://:{SECRET}@one,:{SECRET}@two/0?master=m", "must have one password"),
    (f"sentinel://:{SECRET}@one:{SECRET}/0?master=m", "cannot be read"),
    (f"sentinel://:{SECRET}@one/0?master=m&ssl_cert_reqs=none", "must have no other option"),
]


@pytest.mark.parametrize(("url", "sentence"), REFUSED)
def test_url_that_cannot_be_used_stops_the_start_with_a_sentence(url: str, sentence: str) -> None:
    with environment_of(REDIS_URL=url), pytest.raises(SystemCheckError) as stopped:
        refuse_bad_settings()

    assert f"REDIS_URL {sentence}" in str(stopped.value)
    assert SECRET not in str(stopped.value)


def test_refused_url_leads_nowhere() -> None:
    assert settings_of(REDIS_URL="http://cache.test")["REDIS_URL"] == NOWHERE


def test_server_does_not_show_its_password() -> None:
    assert SECRET not in repr(server_at(f"redis://:{SECRET}@cache.test"))
    with pytest.raises(SettingError) as refused:
        server_at(f"redis://:{SECRET}#@cache.test")
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "outage", "shown"),
    [
        (redis.ConnectionError(f"to {SECRET}"), True, "ConnectionError"),
        (redis.TimeoutError(), True, "TimeoutError"),
        (redis.exceptions.BusyLoadingError("LOADING"), True, "BusyLoadingError LOADING"),
        (redis.AuthenticationError("invalid"), False, "AuthenticationError"),
        (redis.ResponseError(f"MISCONF {SECRET}"), False, "ResponseError MISCONF"),
        (redis.ResponseError(f"unknown command 'AUTH' '{SECRET}'"), False, "ResponseError"),
        (redis.exceptions.ClusterCrossSlotError("Keys"), False, "ClusterCrossSlotError"),
        (redis.exceptions.MovedError("7 10.0.0.1:1"), False, "MovedError"),
    ],
)
def test_error_is_told_from_an_outage_and_shown_without_its_words(
    error: Any, outage: bool, shown: str
) -> None:
    assert (is_outage(error), reason(error)) == (outage, shown)


@pytest.fixture
def hung() -> Iterator[str]:
    """The addresses of three Sentinels that take connections and say nothing."""
    with ExitStack() as ends:
        servers = [ends.enter_context(create_server(("127.0.0.1", 0))) for _ in range(3)]
        yield ",".join(f"127.0.0.1:{server.getsockname()[1]}" for server in servers)


def test_sentinels_that_hang_cost_as_much_as_one_server(hung: str) -> None:
    client = server_at(f"sentinel://:{SECRET}@{hung}/0?master=m").client(timeout=0.25)
    began = time.monotonic()

    with pytest.raises(redis.ConnectionError) as failed:
        client.ping()

    # With the retries of redis-py it would be many seconds.
    assert 0.2 < time.monotonic() - began < 2
    assert SECRET not in str(failed.value)
