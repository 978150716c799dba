"""The pages in a real browser, which a real server sends them to."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NO_BROWSER = (
    "the pages are tested in Chromium or Chrome, and none is on the PATH: "
    "`make browser`, which is `.venv/bin/playwright install chromium`, brings one"
)

TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error("violation", event.violatedDirective, event.blockedURI, event.sourceFile);
});
"""
DESK: ViewportSize = {"width": 1280, "height": 720}

# A busy machine is no failure; what comes at once is not waited for any longer.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright leaves an event loop running in this thread; Django would refuse the database.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with playwright.chromium.launch(args=FLAGS, **_found(playwright)) as browser:
            yield browser


@pytest.fixture(autouse=True)
def _site(settings: Any, live_server: Any) -> None:
    """Every page is switched on, and letters link to the server."""
    settings.PUBLIC_URL = live_server.url
    settings.JWT_ALLAUTH_INVITATIONS = True


@pytest.fixture
def forgiven() -> list[str]:
    """Words of errors that the test expects on the browser's console, such as "status of 401"."""
    return []


@pytest.fixture(scope="package")
def tab(chromium: Browser, live_server: Any) -> Iterator[Page]:
    """To start another one costs more than most tests do."""
    with chromium.new_context(base_url=live_server.url) as context:
        context.add_init_script(TELL_VIOLATIONS)
        yield context.new_page()


@pytest.fixture
def page(tab: Page, forgiven: list[str]) -> Iterator[Page]:
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
    assert [line for line in logged if not any(words in line for words in forgiven)] == []


def _forget(tab: Page) -> None:
    """Undoes all that tests do to a page."""
    tab.unroute_all()
    tab.goto("about:blank")
    tab.set_viewport_size(DESK)
    tab.emulate_media(color_scheme="light")
    tab.context.set_offline(False)
    tab.context.clear_cookies()


def _found(playwright: Playwright) -> dict[str, Any]:
    """The system's browser, else the one that Playwright has brought; arguments of ``launch``.

    Without any the tests are skipped, or fail where ``REQUIRE_BROWSER`` is set.
    """
    for path in filter(None, map(shutil.which, NAMES)):
        # Its sandbox refuses root; that of Playwright's needs a system set up for it.
        return {"executable_path": path, "chromium_sandbox": os.geteuid() != 0}
    if not Path(playwright.chromium.executable_path).exists():
        refuse = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
        refuse(NO_BROWSER)
    return {"executable_path": playwright.chromium.executable_path}
