"""Export: users download what is stored about them."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from accounts.flows.export import CODE_HEADER
from accounts.models import User
from accounts.services import exports
from mail.models import Mail
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_as, signed_in_with_code
from tests.limits import Rates
from tests.people import make_user

pytestmark = pytest.mark.django_db


def export(browser: Browser, code: str = "") -> Any:
    return browser.call("get", "user_export", headers={CODE_HEADER: code} if code else {})


def test_everything_about_the_account_is_in_it(user: User, signed_in: Browser) -> None:
    response = export(signed_in)

    data = response.json()
    assert response["Content-Disposition"] == 'attachment; filename="account.json"'
    assert response["Cache-Control"] == "no-store"
    assert (data["profile"]["id"], data["profile"]["email"]) == (str(user.pk), user.email)
    assert [event["event"] for event in data["history"]] == ["account_exported", "session_opened"]
    assert [session["ip_address"] for session in data["sessions"]] == ["127.0.0.1"]
    assert [mail["kind"] for mail in data["emails"]] == ["account_exported"]
    assert data.keys() >= {"exported_at", "ended_sessions", "second_factors"}


def test_it_has_no_secret_and_nobody_else(user: User, held: Held, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    other = make_user()
    signed_in_as(other)

    text = json.dumps(export(signed_in_with_code(user, held)).json())

    [secret] = Authenticator.objects.filter(type="totp").values_list("data__secret", flat=True)
    secrets = [user.password, secret, *held.recovery_codes]
    assert '"type": "totp"' in text
    assert [each for each in (*secrets, "jti", str(other.pk), other.email) if each in text] == []


def test_email_about_another_account_is_in_the_export_of_that_one(user: User) -> None:
    other = signed_in_as(make_user())
    other.change_profile(email=user.email)

    def kinds(browser: Browser) -> set[str]:
        return {mail["kind"] for mail in export(browser).json()["emails"]}

    assert kinds(other) == {"account_exported", "email_change", "email_change_asked"}
    assert kinds(signed_in_as(user)) == {"account_exported"}


def test_old_session_has_to_sign_in_again(signed_in: Browser) -> None:
    with later(15 * 60):
        signed_in.refresh()

        assert refusal(export(signed_in)) == (401, "reauthentication_required")

    assert not Mail.objects.exists()


def test_second_factor_is_asked_for_unless_this_session_has_shown_it(
    user: User, settings: Any
) -> None:
    browser = signed_in_as(user)
    held = enrol(user)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    assert refusal(export(browser)) == (401, "second_factor_required")
    assert refusal(export(browser, held.app.wrong_code())) == (400, "invalid_code")
    assert "profile" in export(browser, held.app.code()).json()


def test_three_a_day_are_answered(signed_in: Browser, rates: Rates) -> None:
    rates(export_account="3/day")

    assert [export(signed_in).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert Mail.objects.count() == 3


def test_head_exports_nothing(signed_in: Browser) -> None:
    assert signed_in.call("head", "user_export").status_code == 405

    assert not Mail.objects.exists()


@pytest.fixture
def _sections() -> Iterator[None]:
    known = dict(exports.sections)
    yield
    exports.sections.clear()
    exports.sections.update(known)


@pytest.mark.usefixtures("_sections")
def test_app_adds_its_section(user: User, signed_in: Browser) -> None:
    @exports.export("items")
    def items(user: User, now: datetime) -> list[Any]:
        return [{"owner": user.pk, "at": now}]

    [item] = export(signed_in).json()["items"]
    assert item["owner"] == str(user.pk)
