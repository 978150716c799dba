"""Each request has an id: in its answer, and in every line that is logged meanwhile."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from io import StringIO
from typing import Any

import pytest
from celery import shared_task
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from core.logging.format import Formatter
from core.middleware.request_id import RequestIdMiddleware
from project_tests.web import Web

OURS = re.compile(r"[0-9a-f]{32}")
GIVEN = "1f-Given_by.a-proxy"

Settings = Any


@pytest.fixture(autouse=True)
def nothing_bound() -> Iterator[None]:
    clear_contextvars()
    yield
    clear_contextvars()


@pytest.fixture
def site(settings: Settings) -> Client:
    settings.ROOT_URLCONF = "project_tests.site"
    return Client(raise_request_exception=False)


def passed(view: Callable[[HttpRequest], HttpResponse], **headers: str) -> Any:
    return RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))


# Its answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/says/", 200),
        ("/says", 301),
        ("/none/", 404),
        ("/throttles/", 429),
        ("/fails/", 500),
    ],
)
def test_every_answer_has_an_id(site: Client, path: str, status: int) -> None:
    answer = site.get(path)

    assert answer.status_code == status
    assert OURS.fullmatch(answer["X-Request-ID"])


def test_request_for_another_host_is_refused_with_an_id(site: Client) -> None:
    answer = site.get("/says", headers={"Host": "another.example.test"})

    assert answer.status_code == 400
    assert OURS.fullmatch(answer["X-Request-ID"])


def test_redirect_to_https_has_an_id(site: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = site.get("/says/")

    assert answer.status_code == 301
    assert OURS.fullmatch(answer["X-Request-ID"])


def test_no_two_requests_have_the_same(site: Client) -> None:
    assert len({site.get("/says/")["X-Request-ID"] for _ in range(5)}) == 5


# Whom it comes from


def test_id_of_a_client_is_not_believed(site: Client) -> None:
    answer = site.get("/says/", headers={"X-Request-ID": GIVEN})

    assert OURS.fullmatch(answer["X-Request-ID"])


def test_id_of_a_proxy_is_kept(site: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    answer = site.get("/says/", headers={"X-Request-ID": GIVEN})

    assert answer["X-Request-ID"] == GIVEN


@pytest.mark.parametrize(
    "odd", ["", "seven77", "x" * 65, "with space", f"{GIVEN}\n", "über-lang", '"quoted"', "a" * 7]
)
def test_what_is_no_id_is_replaced(odd: str, site: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    answer = site.get("/says/", headers={"X-Request-ID": odd})

    assert OURS.fullmatch(answer["X-Request-ID"])


# The lines of the log


def test_id_and_address_are_bound_while_it_is_answered(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    bound: dict[str, object] = {}

    def view(request: HttpRequest) -> HttpResponse:
        bound.update(get_contextvars())
        return HttpResponse()

    answer = passed(view, **{"X-Forwarded-For": "192.0.2.7, 198.51.100.9"})

    assert bound == {"request_id": answer["X-Request-ID"], "ip": "198.51.100.9"}


def test_what_is_logged_once_the_answer_is_there_has_them_too(site: Client) -> None:
    """Django and gunicorn log a refusal after all middleware."""
    lines, logger = StringIO(), logging.getLogger("django.request")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(Formatter("json"))
    logger.addHandler(handler)
    try:
        answer = site.get("/nowhere/")
    finally:
        logger.removeHandler(handler)

    line = json.loads(lines.getvalue())
    assert (answer.status_code, line["status_code"]) == (404, 404)
    assert (line["request_id"], line["ip"]) == (answer["X-Request-ID"], "127.0.0.1")


# At the end of a request Django looks after its connections.
@pytest.mark.django_db
def test_nothing_stays_bound_once_the_answer_was_sent() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        bind_contextvars(word="of this request")
        return HttpResponse()

    passed(view).close()

    assert get_contextvars() == {}


def test_nothing_of_a_request_that_broke_off_is_bound_in_the_next() -> None:
    bind_contextvars(word="of the one before")
    bound: dict[str, object] = {}

    def view(request: HttpRequest) -> HttpResponse:
        bound.update(get_contextvars())
        return HttpResponse()

    passed(view)

    assert bound.keys() == {"request_id", "ip"}


def test_threads_that_serve_one_request_after_the_other_mix_nothing_up(web: Web) -> None:
    paths = [f"/binds/?word=word-{number}" for number in range(40)] + ["/says/"] * 40
    paths = [path for pair in zip(paths[:40], paths[40:], strict=True) for path in pair]

    with ThreadPoolExecutor(8) as clients:
        answers: list[HTTPResponse] = list(clients.map(web.ask, paths))

    ids = [answer.headers["X-Request-ID"] for answer in answers]
    logged = [found for found in web.entries if found["logger"] == "site"]
    said = {found["request_id"]: found for found in logged}
    assert [said[found].get("word") for found in ids] == [
        path.partition("=")[2] or None for path in paths
    ]
    assert {found["ip"] for found in logged} == {"127.0.0.1"}
    assert len(said) == len(logged), "each is said of its own request"


def test_django_says_nothing_of_an_ordinary_request(web: Web) -> None:
    asked = {web.ask("/says/?quietly").headers["X-Request-ID"] for _ in range(3)}

    lines = [found for found in web.entries if found.get("request_id") in asked]
    loggers = {found["logger"] for found in lines}
    assert {"site"} <= loggers <= {"site", "gunicorn.access"}


# Its tasks


@shared_task
def bound_in_a_task() -> dict[str, Any]:
    return get_contextvars()


def test_eager_task_is_a_part_of_its_request() -> None:
    bind_contextvars(request_id=GIVEN, ip="192.0.2.7")

    bound = bound_in_a_task.apply().get()

    assert bound == get_contextvars() == {"request_id": GIVEN, "ip": "192.0.2.7"}
