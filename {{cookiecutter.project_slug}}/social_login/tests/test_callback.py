"""An attempt belongs to one browser, and works once."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from social_login import cookies, tasks
from social_login.demo.provider import DemoProvider
from social_login.models import Authorization, CompletedAuthorization
from social_login.tests.steps import (
    FRONT_END,
    GRACE,
    authorize,
    call_back,
    complete,
    go,
    query_of,
    start,
)
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal


def begun(browser: Browser) -> dict[str, str]:
    """Starts, and signs in at the provider; returns the parameters of the callback."""
    return authorize(start(browser).json()["authorization_url"])


def result(response: Any) -> str:
    """The error that the front end receives."""
    assert response.status_code == 302
    assert response["Location"].startswith(f"{FRONT_END}?")
    return query_of(response["Location"]).get("error", "")


def test_the_state_of_another_browser_is_refused(guest: Browser) -> None:
    attacker = Browser()
    parameters = begun(attacker)

    assert result(call_back(guest, parameters)) == "state_mismatch"
    start(guest)
    assert result(call_back(guest, parameters)) == "state_mismatch"
    # The attempt itself goes on.
    assert result(call_back(attacker, parameters)) == ""


def test_a_callback_works_once(guest: Browser) -> None:
    parameters = begun(guest)
    call_back(guest, parameters)

    assert result(call_back(guest, parameters)) == "state_mismatch"


def test_a_callback_that_failed_cannot_be_repeated(guest: Browser) -> None:
    parameters = begun(guest)
    assert result(call_back(guest, parameters | {"code": "wrong"})) == "provider_error"

    assert result(call_back(guest, parameters)) == "state_mismatch"


def test_an_attempt_expires(guest: Browser) -> None:
    parameters = begun(guest)

    with later(601):
        assert result(call_back(guest, parameters)) == "state_mismatch"


@pytest.mark.parametrize("state", ["", "something", "ö", "x" * 5_000])
def test_an_unknown_state_is_refused(guest: Browser, state: str) -> None:
    assert result(call_back(guest, {"state": state, "code": "x"})) == "state_mismatch"


def test_the_state_of_another_provider_is_refused(
    guest: Browser, demo: DemoProvider, settings: Any
) -> None:
    settings.SOCIAL_PROVIDERS["gitlab"] = settings.SOCIAL_PROVIDERS["oidc"]
    parameters = begun(guest)

    assert result(call_back(guest, parameters, provider="gitlab")) == "state_mismatch"


def test_without_a_front_end_a_page_says_so(guest: Browser, settings: Any) -> None:
    settings.SOCIAL_LOGIN_REDIRECT = ""

    response = call_back(guest, {"state": "something"})

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")


def test_a_cancelled_sign_in_says_so(guest: Browser) -> None:
    state = begun(guest)["state"]

    cancelled = {"state": state, "error": "access_denied", "error_description": "<b>Boo</b>"}
    response = call_back(guest, cancelled)

    assert response["Location"] == f"{FRONT_END}?error=access_denied"


def test_other_errors_of_the_provider_are_not_relayed(guest: Browser, caplog: Any) -> None:
    state = begun(guest)["state"]

    parameters = {"state": state, "error": "call_0900_666", "error_description": "Call us now"}
    response = call_back(guest, parameters)

    assert response["Location"] == f"{FRONT_END}?error=provider_error"
    assert "call" not in caplog.text.lower().replace("callback", "")


def test_the_code_works_once(guest: Browser) -> None:
    code = go(guest)["code"]
    complete(guest, code)

    assert refusal(complete(guest, code)) == (400, "sign_in_expired")


def test_the_code_expires_after_a_minute(guest: Browser) -> None:
    code = go(guest)["code"]

    with later(61):
        assert refusal(complete(guest, code)) == (400, "sign_in_expired")
    assert not User.objects.exists()


def test_the_code_of_another_browser_is_refused(guest: Browser) -> None:
    code = go(Browser())["code"]

    assert refusal(complete(guest, code)) == (400, "sign_in_expired")
    assert refusal(complete(Browser(), code)) == (400, "sign_in_expired")


@pytest.mark.parametrize("code", ["", "something", "\x00", "ö"])
def test_an_unknown_code_is_refused(guest: Browser, code: str) -> None:
    assert complete(guest, code).status_code == 400


def test_nothing_secret_is_stored(guest: Browser) -> None:
    parameters = begun(guest)
    cookie = guest.cookies[cookies.name()].value
    stored = str(Authorization.objects.values().get())

    assert parameters["state"] not in stored
    assert cookie not in stored


def test_no_token_of_the_provider_is_stored(guest: Browser) -> None:
    code = go(guest)["code"]

    stored = str(CompletedAuthorization.objects.values().get())
    assert code not in stored
    assert "eyJ" not in stored


def test_the_cookie_is_for_this_host_and_no_script(guest: Browser) -> None:
    start(guest)

    cookie = guest.cookies["__Host-social_login"]
    assert (cookie["samesite"], cookie["secure"], cookie["httponly"]) == ("Lax", True, True)
    assert (cookie["path"], cookie["domain"], cookie["max-age"]) == ("/", "", 600)


def test_the_cookie_goes_with_the_code(guest: Browser) -> None:
    complete(guest, go(guest)["code"])

    assert guest.cookies[cookies.name()].value == ""


def test_the_addresses_of_callbacks_stay_secret(guest: Browser) -> None:
    response = call_back(guest, begun(guest))

    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"


def test_a_scanner_that_only_asks_for_headers_changes_nothing(guest: Browser) -> None:
    parameters = begun(guest)
    guest.head(reverse("social_callback", kwargs={"provider": "oidc"}), parameters)

    assert result(call_back(guest, parameters)) == ""


def test_a_form_of_another_site_cannot_call_back(guest: Browser) -> None:
    path = reverse("social_callback", kwargs={"provider": "oidc"})

    assert guest.post(path, begun(guest)).status_code == 405


@pytest.mark.parametrize("name", ["social_start", "social_callback"])
def test_a_provider_that_is_off_does_not_exist(guest: Browser, name: str) -> None:
    path = reverse(name, kwargs={"provider": "google"})
    response = guest.get(path) if name == "social_callback" else start(guest, "google")

    assert response.status_code == 404


def test_the_list_has_the_providers_that_are_on(guest: Browser) -> None:
    assert guest.call("get", "social_providers").json() == [{"id": "oidc", "name": "Demo ID"}]


def test_what_was_abandoned_is_deleted(guest: Browser) -> None:
    go(guest)
    begun(guest)

    with later(601):
        tasks.purge_social_login()

    assert not Authorization.objects.exists()
    assert not CompletedAuthorization.objects.exists()


def test_the_browser_goes_to_the_provider_with_state_nonce_and_pkce(guest: Browser) -> None:
    query = query_of(start(guest).json()["authorization_url"])

    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    assert query["redirect_uri"] == "https://api.example.test/api/auth/social/oidc/callback/"
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert GRACE["email"] not in str(query)
