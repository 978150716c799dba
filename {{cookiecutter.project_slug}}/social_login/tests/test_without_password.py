"""A user who signs in with a provider and has no password lives with it."""

from typing import Any

import pytest

from accounts.models import User
from accounts.services import ways_in
from social_login.tests.steps import GRACE, sign_in
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD

pytestmark = pytest.mark.django_db

ADDRESS = GRACE["email"]


@pytest.fixture
def member(guest: Browser) -> Browser:
    assert sign_in(guest).status_code == 200
    assert not User.objects.get().has_usable_password()
    return guest


def set_first(browser: Browser) -> tuple[int, str]:
    body = dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD)
    response = browser.call("post", "rest_password_set", body)
    return response.status_code, response.json().get("code", "")


def test_first_password_is_set_once(member: Browser) -> None:
    assert set_first(member) == (200, "")

    assert Browser().sign_in(ADDRESS, NEW_PASSWORD).status_code == 200


def test_first_password_needs_a_recent_sign_in(member: Browser) -> None:
    with later(16 * 60):
        member.refresh()
        assert set_first(member) == (401, "reauthentication_required")
        # Signing in with the provider again is one.
        again = Browser()
        sign_in(again)
        assert set_first(again) == (200, "")


def test_account_is_closed_and_kept(member: Browser) -> None:
    assert member.call("post", "user_close", {}).status_code == 202

    assert member.refresh().status_code == 401
    assert Browser().post(link_to(ADDRESS)).status_code == 200
    assert sign_in(member).status_code == 200


def test_account_is_exported_with_its_providers(member: Browser) -> None:
    exported = member.call("get", "user_export").json()

    assert exported["profile"]["email"] == ADDRESS
    assert [row["provider"] for row in exported["providers"]] == ["oidc"]


def test_account_stays_that_of_a_person_while_the_provider_is_switched_off(
    member: Browser, settings: Any
) -> None:
    settings.SOCIAL_PROVIDERS = {}

    assert ways_in.is_personal(User.objects.get())


def test_password_is_reset_by_e_mail(member: Browser) -> None:
    assert Browser().reset_password(ADDRESS).status_code == 200

    assert Browser().sign_in(ADDRESS, NEW_PASSWORD).status_code == 200


def test_address_is_changed_with_a_recent_sign_in(member: Browser) -> None:
    assert member.change_profile(email="new@example.test").status_code == 200
    Browser().get(link_to("new@example.test"))

    assert User.objects.get().email == "new@example.test"
    assert sign_in(Browser()).status_code == 200
    with later(16 * 60):
        member.refresh()
        response = member.change_profile(email="newer@example.test")
    assert refusal(response) == (401, "reauthentication_required")
