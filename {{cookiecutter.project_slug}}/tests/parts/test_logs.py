"""No link's token gets into a log, though Django logs the paths of requests that it refuses."""

import logging
from typing import Any

import pytest

from core.logs import LineFormatter
from tests.client import Browser
from tests.mailbox import link_to

ADDRESS = "new@example.test"


def written(message: str, *arguments: object) -> str:
    record = logging.LogRecord("any", logging.WARNING, __file__, 1, message, arguments, None)
    return LineFormatter().format(record)


def test_every_handler_hides_them(settings: Any) -> None:
    formatters = settings.LOGGING["formatters"].values()

    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
    assert [formatter["class"] for formatter in formatters] == ["core.logs.LineFormatter"]
    assert settings.LOGGING["loggers"]["django.server"]["handlers"] == []


def test_other_messages_stay_as_they_are() -> None:
    session = "2abc8f1f-3b09-4cd2-a4ec-d5138e7e92b2"

    assert written("took %d ms", 5) == "took 5 ms"
    assert written("GET %s", f"/{'x' * 40}/") == "GET /…/"
    assert written("DELETE /api/auth/sessions/%s/", session).endswith(f"/{session}/")


@pytest.mark.django_db
def test_refused_request_to_a_live_link_is_logged_without_its_token(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    browser.sign_up(ADDRESS)
    link = link_to(ADDRESS)
    browser.put(link)

    [record] = [record for record in caplog.records if "(PUT)" in record.getMessage()]
    assert link in record.getMessage(), "Django would write it"
    hidden = "Method Not Allowed (PUT): /api/auth/registration/verification/…/"
    assert LineFormatter().format(record) == hidden
