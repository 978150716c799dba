"""A line of the log is one event, and no link's token gets into one."""

import json
import logging
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from core.logging.format import Formatter
from project_tests.web import WITHOUT_ITS_CONFIGURATION, Web, served
from tests.client import Browser
from tests.mailbox import link_to
from tests.waiting import until

ADDRESS = "new@example.test"
TOKEN = "x" * 40
SESSION = UUID("2abc8f1f-3b09-4cd2-a4ec-d5138e7e92b2")
STYLES = ("json", "line")


def record(message: str, *arguments: object, **facts: object) -> logging.LogRecord:
    made = logging.LogRecord("any", logging.WARNING, __file__, 1, message, arguments, None)
    made.__dict__ |= facts
    return made


def failed(exception: Exception) -> logging.LogRecord:
    made = record("it failed")
    try:
        raise exception
    except type(exception):
        made.exc_info = sys.exc_info()
    return made


def written(style: str, what: logging.LogRecord) -> str:
    return Formatter(style).format(what)


def entry(what: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written("json", what))
    return found


# The format


def test_line_of_json_says_when_how_bad_who_and_what() -> None:
    what = record("took %d ms", 5, session=SESSION, ok=True, nobody=None)
    what.created = 1_700_000_000.25

    assert entry(what) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "warning",
        "logger": "any",
        "event": "took 5 ms",
        "session": str(SESSION),
        "ok": True,
        "nobody": None,
    }


def test_line_for_people_says_the_same() -> None:
    what = record("took %d ms", 5, session=SESSION, why='no "such" thing', word="a=b")
    what.created = 1_700_000_000.25

    assert written("line", what) == (
        "2023-11-14T22:13:20.250+00:00 WARNING any took 5 ms"
        rf' session={SESSION} why="no \"such\" thing" word="a=b"'
    )


def test_message_forges_no_fact_of_a_line() -> None:
    line = written("line", record("Not Found: /x account=root ip=::1"))

    assert line.endswith(' any "Not Found: /x account=root ip=::1"')


@pytest.mark.parametrize("before", ["", "\n", " ", "%0A", "\n \n"])
def test_token_is_hidden_after_any_text_of_a_mail_program(before: str) -> None:
    hidden = entry(record(f"Not Found: /verification/{before}{'x' * 40}"))

    assert "x" * 40 not in hidden["event"]


def test_objects_are_no_facts() -> None:
    what = record("received", request=object(), data={"args": "('secret',)"}, args_too=["secret"])

    assert entry(what).keys() == {"time", "level", "logger", "event"}


def test_what_is_bound_is_plain_as_well() -> None:
    with structlog.contextvars.bound_contextvars(tenant="acme", user=object(), level="low"):
        line = entry(record("received"))

    assert (line["tenant"], line["level"]) == ("acme", "warning")
    assert "user" not in line


@pytest.mark.parametrize("style", STYLES)
def test_no_fact_takes_the_place_of_what_every_line_has(style: str) -> None:
    what = record("took", time=1, level=2, logger="security")

    same = record("took")
    same.created = what.created
    assert written(style, what) == written(style, same)


def test_what_another_formatter_leaves_in_a_record_is_no_fact() -> None:
    what = record("took %d ms", 5)
    logging.Formatter("%(asctime)s %(message)s").format(what)

    assert entry(what).keys() == {"time", "level", "logger", "event"}


def test_exception_is_one_field_of_json_and_comes_last() -> None:
    found = entry(failed(ValueError("of no use")))

    assert list(found)[-1] == "exception"
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: of no use")


@pytest.mark.parametrize("style", STYLES)
def test_stack_below_a_message_is_left_out_beside_its_exception(style: str) -> None:
    what = failed(ValueError("of no use"))
    what.msg = "Message Error: of no use\n['File beat.py']"

    text = written(style, what)

    assert "Message Error: of no use" in text
    assert "beat.py" not in text


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_message_or_fact_begins_a_line(style: str, end: str) -> None:
    forged = f"{end}2026-01-01T00:00:00.000+00:00 INFO security login"

    assert len(written(style, record("lost: %s", forged, fact=forged)).splitlines()) == 1


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x85", "\u2028"])
def test_no_exception_begins_an_event(end: str) -> None:
    what = failed(ValueError(f"{end}2026-01-01T00:00:00.000+00:00 INFO security login"))

    first, *others = written("line", what).splitlines()
    assert first.endswith("WARNING any it failed")
    assert all(line.startswith("    ") for line in others)
    assert len(written("json", what).splitlines()) == 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("char", ["\x1b", "\x00", "\x7f", "\x9b", "\u202e", "\ud800"])
def test_nothing_moves_the_cursor_or_turns_the_direction(style: str, char: str) -> None:
    line = written(style, record(f"a{char}b", fact=f"a{char}b"))

    assert line.isprintable()
    assert line.encode()


def test_people_can_read_what_people_are_called() -> None:
    assert written("line", record("李 O'Brien")).endswith("李 O'Brien")


def test_loggers_of_structlog_write_the_same_lines(caplog: pytest.LogCaptureFixture) -> None:
    structlog.stdlib.get_logger("any").warning("took %d ms", 5, session=SESSION)

    [what] = caplog.records
    same = record("took %d ms", 5, session=SESSION)
    same.created = what.created
    assert entry(what) == entry(same)


def test_percent_signs_of_an_event_stay(caplog: pytest.LogCaptureFixture) -> None:
    structlog.stdlib.get_logger("any").warning("100% sure")

    assert entry(caplog.records[0])["event"] == "100% sure"


# The tokens of links


@pytest.mark.parametrize("style", STYLES)
def test_token_is_hidden_wherever_it_comes_from(style: str) -> None:
    path = f"/a/{TOKEN}/"
    whats = [
        record(f"GET {path}"),
        record("GET %s", path),
        record("GET", path=path),
        failed(ValueError(f"GET {path}")),
    ]

    for what in whats:
        line = written(style, what)
        assert TOKEN not in line
        assert "/a/…/" in line.encode().decode("unicode_escape" if style == "json" else "utf-8")


def test_token_that_a_mail_program_has_broken_is_hidden() -> None:
    assert entry(record(f"GET /a/{TOKEN[:20]}=3D={TOKEN[20:40]}/"))["event"] == "GET /a/…/"


def test_what_follows_a_hidden_token_is_kept() -> None:
    assert entry(record("x", path=f"/{TOKEN}", more="kept"))["more"] == "kept"
    assert entry(record(f"/{TOKEN}/ kept"))["event"] == "/…/ kept"


def test_ids_in_paths_are_kept() -> None:
    path = f"/api/auth/sessions/{SESSION}/"

    assert entry(record(f"DELETE {path}"))["event"] == f"DELETE {path}"


@pytest.mark.django_db
def test_refused_request_to_a_live_link_is_logged_without_its_token(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    browser.sign_up(ADDRESS)
    link = link_to(ADDRESS)
    browser.put(link)

    [refused] = [record for record in caplog.records if "(PUT)" in record.getMessage()]
    assert link in refused.getMessage(), "Django would write it"
    hidden = "Method Not Allowed (PUT): /api/auth/registration/verification/…/"
    assert entry(refused)["event"] == hidden


# Who writes them


def test_one_handler_writes_for_everybody(settings: Any) -> None:
    loggers = settings.LOGGING["loggers"].values()
    used = {name for logger in loggers for name in logger.get("handlers", [])}

    assert settings.LOGGING["root"]["handlers"] == ["console"]
    assert settings.LOGGING["handlers"]["console"]["formatter"] == "ours"
    assert [*settings.LOGGING["formatters"]] == ["ours"]
    assert used == {"none"}, "which writes nothing"


NO_HTTP = (
    f"GET /a/{TOKEN}/ HTTP/9.9\r\n\r\n",
    f"GET /a/{TOKEN}/ and more HTTP/1.1\r\n\r\n",
    f"{TOKEN} / HTTP/1.1\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie refresh_token={TOKEN}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: a\r\n {TOKEN}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {TOKEN}\r\n\r\n",
    f"POST /says/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{TOKEN}\r\n",
)


def test_every_line_of_gunicorn_is_an_event(web: Web) -> None:
    web.send(b"no HTTP\r\n\r\n")
    web.ask("/warns/")
    entries = web.entries

    assert {"logger", "level", "time", "event"} <= set.intersection(*map(set, entries))
    refused = "Invalid request from ip=127.0.0.1: Invalid HTTP request line"
    assert refused in [found["event"] for found in entries]
    loggers = {found["logger"] for found in entries}
    assert loggers >= {"gunicorn.access", "gunicorn.error", "py.warnings", "site"}


def requests(web: Web) -> dict[str, dict[str, Any]]:
    """By their id; what is no HTTP has none."""
    logged = [entry for entry in web.entries if entry["logger"] == "gunicorn.access"]
    return {entry["request_id"]: entry for entry in logged if "request_id" in entry}


def line_of(answer: HTTPResponse, web: Web) -> dict[str, Any]:
    """It is written once the answer has gone."""
    request_id = answer.headers["X-Request-ID"]
    until(lambda: request_id in requests(web))
    return requests(web)[request_id]


def test_each_request_is_an_event_without_query_and_token(web: Web) -> None:
    answer = web.ask(f"/says/?key={TOKEN}", Referer=f"https://x/{TOKEN}", Cookie=f"a={TOKEN}")
    line = line_of(answer, web)
    refused = line_of(web.ask(f"/a/{TOKEN}/"), web)

    assert line.pop("milliseconds") >= 0
    assert line.pop("time") > "2026"
    assert line == {
        "level": "info",
        "logger": "gunicorn.access",
        "event": "request",
        "request_id": answer.headers["X-Request-ID"],
        "ip": "127.0.0.1",
        "method": "GET",
        "path": "/says/",
        "status": 200,
        "bytes": int(answer.headers["Content-Length"]),
    }
    assert (refused["path"], refused["status"]) == ("/a/…/", 404)


def test_answer_to_head_is_no_warning(web: Web) -> None:
    line_of(web.ask("/says/", method="HEAD"), web)

    assert {entry["level"] for entry in web.entries if "HEAD" in str(entry)} == {"info"}


def test_probes_that_pass_are_not_logged(web: Web) -> None:
    passed = web.ask("/health/live").headers["X-Request-ID"]
    refused = line_of(web.ask("/health/live", method="POST"), web)

    assert refused["status"] == 405
    assert passed not in requests(web)


def test_strangers_host_names_fill_no_log(web: Web) -> None:
    answer = web.ask("/says/", Host="scanner.example")

    line_of(answer, web)
    assert answer.status == 400
    assert "scanner.example" not in web.log


def nothing_secret_is_repeated(web: Web) -> None:
    answers = {web.send(request.encode())[:10] for request in NO_HTTP}
    web.ask(f"/a/{TOKEN}/")
    web.ask(f"/fails/{TOKEN}/")
    log = web.log

    assert answers <= {b"HTTP/1.1 4", b"HTTP/1.1 5"}
    assert log.count("Invalid request from ip") >= len(NO_HTTP) - 1
    assert "RuntimeError" in log
    assert TOKEN not in log


def test_gunicorn_repeats_nothing_secret_of_a_request(web: Web) -> None:
    nothing_secret_is_repeated(web)


@pytest.fixture
def unconfigured(tmp_path: Path) -> Iterator[Web]:
    with served(tmp_path, WITHOUT_ITS_CONFIGURATION, LOG_FORMAT="line") as web:
        yield web


def test_gunicorn_without_its_configuration_repeats_nothing_either(unconfigured: Web) -> None:
    nothing_secret_is_repeated(unconfigured)


def test_log_format_is_a_setting(tmp_path: Path) -> None:
    with served(tmp_path, LOG_FORMAT="line") as web:
        lines = web.log.splitlines()

    assert not any(line.startswith("{") for line in lines)
