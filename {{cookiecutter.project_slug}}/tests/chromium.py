"""Fixtures of the tests of pages, which a real server sends to a real browser.

These tests are in folders ``tests/pages``, of the project and of its apps.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from django.core.signals import request_finished, request_started

from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        ConsoleMessage,
        Error,
        Page,
        Playwright,
        ViewportSize,
    )

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NO_PLAYWRIGHT = "the pages are tested with Playwright: `make browser` installs it"
NO_BROWSER = "the pages are tested in Chromium or Chrome: `make browser` installs one"

TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("violation", event.violatedDirective, event.blockedURI, event.sourceFile);
});
"""
DESKTOP: ViewportSize = {"width": 1280, "height": 720}


class SkippedModule(pytest.Module):
    """A module of tests that cannot be imported without Playwright."""

    def collect(self) -> NoReturn:
        _refuse(NO_PLAYWRIGHT)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    if module_path.parts[-3:-1] != ("tests", "pages") or find_spec("playwright"):
        return None
    return SkippedModule.from_parent(parent, path=module_path)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with the module, because its event loop would disturb other tests."""
    from playwright.sync_api import expect, sync_playwright

    # A busy machine is no failure; what comes at once is not waited for any longer.
    expect.set_options(timeout=30_000)
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright leaves an event loop running in this thread; Django would refuse the database.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with playwright.chromium.launch(args=FLAGS, **_found(playwright)) as browser:
            yield browser


@pytest.fixture
def busy_threads() -> Iterator[set[int]]:
    """The threads in which the server is answering a request."""
    threads: set[int] = set()

    def begin(**_: Any) -> None:
        threads.add(get_ident())

    def end(**_: Any) -> None:
        threads.discard(get_ident())

    request_started.connect(begin)
    request_finished.connect(end)
    yield threads
    # The next test must not meet what a page has left behind.
    until(lambda: not threads)
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def server_url(settings: Any, live_server: Any, busy_threads: set[int]) -> str:
    """The address of the server, to which e-mails link. Every page is switched on."""
    settings.PUBLIC_URL = live_server.url
    settings.JWT_ALLAUTH_INVITATIONS = True
    return str(live_server.url)


@pytest.fixture
def expected_errors() -> list[str]:
    """Words of errors that the test expects on the browser's console, such as "status of 401"."""
    return []


@pytest.fixture(scope="module")
def tab(chromium: Browser, live_server: Any) -> Iterator[Page]:
    """To start another one costs more than most tests do."""
    with chromium.new_context(base_url=live_server.url) as context:
        context.add_init_script(TELL_VIOLATIONS)
        yield context.new_page()


@pytest.fixture
def page(tab: Page, server_url: str, expected_errors: list[str]) -> Iterator[Page]:
    """An empty page of a browser that knows nothing; what goes to its console fails the test.

    Errors of scripts go there, and what the Content-Security-Policy has stopped.
    """
    logged: list[str] = []

    def log_message(message: ConsoleMessage) -> None:
        logged.append(f"{message.type}: {message.text}")

    def log_error(error: Error) -> None:
        logged.append(str(error))

    tab.on("console", log_message)
    tab.on("pageerror", log_error)
    yield tab
    _forget(tab)
    tab.remove_listener("console", log_message)
    tab.remove_listener("pageerror", log_error)
    assert [line for line in logged if not any(words in line for words in expected_errors)] == []


def _forget(tab: Page) -> None:
    """Undoes all that tests do to a page."""
    tab.unroute_all()
    tab.goto("about:blank")
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(color_scheme="light", forced_colors="none")
    tab.context.set_offline(False)
    tab.context.clear_cookies()


def _found(playwright: Playwright) -> dict[str, Any]:
    """The system's browser, else the one that Playwright has installed; arguments of ``launch``."""
    for path in filter(None, map(shutil.which, NAMES)):
        # Its sandbox refuses root; that of Playwright's needs a system set up for it.
        return {"executable_path": path, "chromium_sandbox": os.geteuid() != 0}
    if not Path(playwright.chromium.executable_path).exists():
        _refuse(NO_BROWSER)
    return {"executable_path": playwright.chromium.executable_path}


def _refuse(reason: str) -> NoReturn:
    """Skips the tests, or fails them where ``REQUIRE_BROWSER`` is set."""
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)
