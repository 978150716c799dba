"""The pages in a real browser, which a real server sends them to."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

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

# A busy machine is no failure; what comes at once is not waited for any longer.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
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
def options() -> dict[str, Any]:
    """How the browser is set up, for tests to parametrize: see Playwright's ``new_context``."""
    return {}


@pytest.fixture
def forgiven() -> list[str]:
    """Words of errors that the test expects on the browser's console, such as "status of 401"."""
    return []


@pytest.fixture
def page(
    chromium: Browser, live_server: Any, options: dict[str, Any], forgiven: list[str]
) -> Iterator[Page]:
    """An empty page of a new browser; whatever goes to its console fails the test.

    Errors of scripts go there, and what the Content-Security-Policy has stopped.
    """
    logged: list[str] = []
    with chromium.new_context(base_url=live_server.url, **options) as context:
        context.on("console", lambda message: logged.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda web_error: logged.append(str(web_error.error)))
        yield context.new_page()
    assert [line for line in logged if not any(words in line for words in forgiven)] == []


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
