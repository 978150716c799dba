"""Gunicorn is told to reload or to stop, and its workers end after so many requests."""

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from config.env import BASE_DIR
from devtools.gunicorn import Web
from devtools.ports import HOST
from devtools.production import ENVIRONMENT
from project_tests.served.site import EMAIL, Answer, Begun, Site
from project_tests.web import served
from tests.waiting import until


def workers(web: Web) -> list[int]:
    """Those that have been started, in their order."""
    return [int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", web.log)]


def check_config(**environment: str) -> subprocess.CompletedProcess[str]:
    gunicorn = [sys.executable, "-m", "gunicorn", "--config=config/gunicorn.conf.py"]
    return subprocess.run(  # noqa: S603  our own words
        [*gunicorn, "--check-config", "--print-config", "config.wsgi"],
        cwd=BASE_DIR,
        env=os.environ | ENVIRONMENT | environment,
        text=True,
        capture_output=True,
        check=False,
    )


def reload(web: Web) -> None:
    """Returns when every former worker has ended."""
    former = workers(web)
    os.kill(web.process.process.pid, signal.SIGHUP)
    until(lambda: all(f"Worker exiting (pid: {pid})" in web.log for pid in former))


@contextmanager
def kept_connection(site: Site) -> Iterator[Callable[[], Answer]]:
    """Asks over and over on one connection, and opens another when it is told that it ends."""
    with closing(http.client.HTTPConnection(HOST, site.web.port, timeout=30)) as connection:

        def ask() -> Answer:
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            answer.read()
            return Answer(answer.status, dict(answer.getheaders()), [], "", 0)

        yield ask


def test_reload_under_load_fails_no_request(site: Site) -> None:
    with kept_connection(site) as first, kept_connection(site) as second:
        requests = [site.sign_in, site.sign_in, first, second]
        with site.load(*requests) as answers:
            until(lambda: len(answers) > 50)
            former = workers(site.web)
            reload(site.web)
            seen = len(answers)
            until(lambda: len(answers) > seen + 50)

    assert {answer.status for answer in answers} == {200}
    assert len(workers(site.web)) == len(former) + 1


def test_request_that_has_begun_is_answered_when_gunicorn_stops(site: Site) -> None:
    web = site.start_web("stopped")
    login = {"email": EMAIL, "password": "not that one"}
    begun = [Begun(web.port, "/api/auth/login/", login) for _ in range(3)]
    # They came before it and are taken in their order; no worker has run out of threads.
    assert Begun(web.port, "/api/auth/login/", login).finish() == 401

    os.kill(web.process.process.pid, signal.SIGTERM)
    until(lambda: "Handling signal: term" in web.log)

    assert [request.finish() for request in begun] == [401] * len(begun)
    assert site.end(web) == 0


def test_worker_that_ends_after_so_many_requests_fails_none(tmp_path: Path) -> None:
    limits = ("--max-requests=40", "--max-requests-jitter=5")
    with served(tmp_path, *limits) as web, ThreadPoolExecutor(4) as clients:
        statuses = list(clients.map(lambda _: web.ask("/says/").status, range(60)))

        until(lambda: "Autorestarting worker" in web.log)

    assert statuses == [200] * 60


def test_garbage_collection_leaves_out_what_a_worker_has_loaded(tmp_path: Path) -> None:
    with served(tmp_path) as web:
        counts = web.ask("/counts-objects/").headers

    # The rest is of the test's own site, and of the first requests.
    assert int(counts["Frozen"]) > 10 * int(counts["Tracked"])


HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(("name", "value"), [("WEB_CONCURRENCY", "0"), ("WEB_THREADS", "many")])
def test_number_that_makes_no_sense_stops_the_start(name: str, value: str) -> None:
    ended = check_config(**{name: value})

    assert ended.returncode != 0
    assert name in ended.stderr


@pytest.mark.parametrize(("path", "status"), [("/fails/", 500), ("/nowhere", 404)])
def test_error_page_needs_no_template(path: str, status: int, tmp_path: Path) -> None:
    settings = "project_tests.served.broken_settings"
    with served(tmp_path, DJANGO_SETTINGS_MODULE=settings) as web:
        answer = web.ask(path)

        assert (answer.status, answer.headers["Content-Type"]) == (status, HTML)
        assert "error page not rendered" in web.log


def test_configuration_is_what_gunicorn_can_read() -> None:
    ended = check_config(WEB_CONCURRENCY="3", WEB_THREADS="")

    assert ended.returncode == 0, ended.stderr
    found = dict(re.findall(r"^(\w+) += (.*)$", ended.stdout, re.M))
    assert found["workers"] == "3"
    assert int(found["threads"]) > 0, "an empty variable is an unset one"
    assert found["worker_class"].endswith("gthread")
    assert int(found["keepalive"]) > 120, "Caddy keeps an idle connection that long"
    assert found["control_socket_disable"] == "True"
    assert int(found["max_requests"]) > int(found["max_requests_jitter"]) > 0
