"""An error gets to Sentry, where it is set up, and nothing of a person with it."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from config.env import BASE_DIR
from devtools.ports import HOST
from project_tests.environment import settings_of
from project_tests.web import SETTINGS, served
from tests.waiting import until

LINK_TOKEN = "a-link-token-" + "x" * 40
SECRETS = {
    "password": "correct horse battery staple",
    "refresh token": "a-refresh-token-in-a-cookie",
    "access token": "a-bearer-token",
    "CSRF token": "a-csrf-token",
    "device": "a-known-device",
    "query": "a-secret-of-the-query",
    "forwarded address": "198.51.100.77",
    "link token": LINK_TOKEN,
}
HEADERS = {
    # A stranger asks to be traced.
    "sentry-trace": f"{'a' * 32}-{'b' * 16}-1",
    "Cookie": f"refresh_token={SECRETS['refresh token']}",
    "Authorization": f"Bearer {SECRETS['access token']}",
    "X-CSRFToken": SECRETS["CSRF token"],
    "X-Known-Device": SECRETS["device"],
    "X-Forwarded-For": SECRETS["forwarded address"],
    "Content-Type": "application/json",
}


class Sentry(ThreadingHTTPServer):
    """The server's end: what arrived, as text."""

    def __init__(self) -> None:
        super().__init__((HOST, 0), Reception)
        self.envelopes: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://key@{HOST}:{self.server_port}/1"

    def items(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of this kind: ``event`` or ``transaction``."""
        found = []
        for envelope in self.envelopes:
            lines = [json.loads(line) for line in envelope.splitlines()[1:]]
            pairs = zip(lines[::2], lines[1::2], strict=True)
            found += [payload for header, payload in pairs if header["type"] == kind]
        return found


class Reception(BaseHTTPRequestHandler):
    server: Sentry

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.envelopes.append(gzip.decompress(body).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is theirs
        pass


@contextmanager
def listening() -> Iterator[Sentry]:
    with Sentry() as sentry:
        thread = Thread(target=sentry.serve_forever)
        thread.start()
        try:
            yield sentry
        finally:
            sentry.shutdown()
            thread.join()


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    with listening() as server:
        yield server


def failing_request(sentry: Sentry, folder: Path, kind: str, **environment: str) -> Any:
    """Returns what arrived of this kind, and the id of the request."""
    body = json.dumps({"password": SECRETS["password"]})
    path = f"/fails/{LINK_TOKEN}/?secret={SECRETS['query']}"
    with served(folder, SENTRY_DSN=sentry.dsn, **environment) as web:
        # The SDK sends in order: with something of the second, all of the first has arrived.
        answer, _ = (web.ask(path, body, method="POST", **HEADERS) for _ in range(2))
        until(lambda: len(of_failing_requests(sentry, kind)) == 2)
    assert answer.status == 500
    return of_failing_requests(sentry, kind)[0], answer.headers["X-Request-ID"]


def of_failing_requests(sentry: Sentry, kind: str) -> list[dict[str, Any]]:
    return [item for item in sentry.items(kind) if "/fails/" in json.dumps(item)]


def test_error_arrives_and_nothing_of_a_person_with_it(sentry: Sentry, tmp_path: Path) -> None:
    event, request_id = failing_request(
        sentry,
        tmp_path,
        "event",
        SENTRY_ENVIRONMENT="staging",
        SENTRY_TRACES_SAMPLE_RATE="0.000001",
    )

    [exception] = event["exception"]["values"]
    assert exception["type"] == "RuntimeError"
    assert exception["value"] == "failed at /fails/…/ with 44 characters"
    assert event["request"]["url"].endswith("/fails/…/")
    assert event["request"].keys() == {"method", "url"}
    assert event["tags"]["request_id"] == request_id
    assert event["environment"] == "staging"
    crumbs = [crumb["message"] for crumb in event["breadcrumbs"]["values"]]
    assert {"soon to fail: /fails/…/", "SELECT %s"} <= set(crumbs)
    assert secrets_in(sentry) == []
    assert "sys.argv" not in event.get("extra", {})
    assert [crumb for crumb in event["breadcrumbs"]["values"] if "data" in crumb] == []
    assert sentry.items("transaction") == []


def test_request_that_is_timed_tells_no_secret_either(sentry: Sentry, tmp_path: Path) -> None:
    timed, _ = failing_request(sentry, tmp_path, "transaction", SENTRY_TRACES_SAMPLE_RATE="1.0")

    assert timed["request"].keys() == {"method", "url"}
    assert secrets_in(sentry) == []


def secrets_in(sentry: Sentry) -> list[str]:
    sent = "".join(sentry.envelopes)
    return [kind for kind, secret in SECRETS.items() if secret in sent]


# The settings


def printed(program: str, **environment: str) -> str:
    """By a process of its own: the SDK changes the one that starts it."""
    return subprocess.run(  # noqa: S603  a program of this file
        [sys.executable, "-c", program],
        cwd=BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS} | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


IS_IMPORTED = "import config.wsgi, config.urls, sys; print('sentry_sdk' in sys.modules)"
PROBLEMS = "from config.settings import ENVIRONMENT_PROBLEMS; print(*ENVIRONMENT_PROBLEMS.values())"


def test_without_a_dsn_the_sdk_is_not_even_imported() -> None:
    assert printed(IS_IMPORTED) == "False"


@pytest.mark.parametrize("dsn", ["sentry.test", "https://key@sentry.test:port/1"])
def test_what_is_no_dsn_is_told(dsn: str) -> None:
    assert printed(PROBLEMS, SENTRY_DSN=dsn) == "SENTRY_DSN must be the DSN of a project in Sentry."


@pytest.mark.parametrize("share", ["1.1", "-0.1", "nan", "half"])
def test_what_is_no_share_of_requests_is_told(share: str) -> None:
    problems = settings_of(SENTRY_TRACES_SAMPLE_RATE=share)["ENVIRONMENT_PROBLEMS"]

    assert [*problems.values()] == ["SENTRY_TRACES_SAMPLE_RATE must be a number from 0 to 1."]


def test_dsn_without_the_sdk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)

    problems = settings_of(SENTRY_DSN="https://key@sentry.test/1")["ENVIRONMENT_PROBLEMS"]

    assert [*problems.values()] == ["SENTRY_DSN must be unset, or the extra `sentry` installed."]
