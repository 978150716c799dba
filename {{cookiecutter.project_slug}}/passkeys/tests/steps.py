"""What the tests of passkeys do again and again."""

from typing import Any

from accounts.models import User
from passkeys.tests.authenticator import Authenticator
from tests.client import Browser


def begin(browser: Browser, **body: Any) -> Any:
    """The response to a request for the options of an enrolment."""
    return browser.call("post", "passkey_options", body)


def finish(browser: Browser, begun: Any, authenticator: Authenticator, **body: Any) -> Any:
    """Adds the passkey that the authenticator makes for the options."""
    asked = begun.json()
    credential = authenticator.create(asked["options"])
    return browser.call(
        "post",
        "passkeys",
        {"challenge_id": asked["challenge_id"], "credential": credential, **body},
    )


def enrol(browser: Browser, user: User, **deviations: Any) -> Authenticator:
    """Adds a passkey to the account of a browser that is signed in."""
    authenticator = Authenticator(user_handle=user.pk.bytes, **deviations)
    response = finish(browser, begin(browser), authenticator)
    assert response.status_code == 201, response.json()
    return authenticator


def login_options(browser: Browser) -> dict[str, Any]:
    asked: dict[str, Any] = browser.call("post", "passkey_login_options", {}).json()
    return asked


def login(browser: Browser, authenticator: Authenticator) -> Any:
    asked = login_options(browser)
    return answer(browser, asked, authenticator.get(asked["options"]))


def answer(browser: Browser, asked: dict[str, Any], credential: dict[str, Any]) -> Any:
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    response = browser.call("post", "passkey_login", body)
    browser.access = response.json().get("access", "")
    return response


def verify(browser: Browser, challenge_id: str, authenticator: Authenticator) -> Any:
    """Answers a login challenge with a passkey."""
    asked = browser.call("post", "mfa_verify_passkey_options", {"challenge_id": challenge_id})
    credential = authenticator.get(asked.json()["options"])
    return present(browser, challenge_id, credential)


def present(browser: Browser, challenge_id: str, credential: dict[str, Any]) -> Any:
    body = {"challenge_id": challenge_id, "credential": credential}
    response = browser.call("post", "mfa_verify_passkey", body)
    browser.access = response.json().get("access", "")
    return response
