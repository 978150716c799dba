"""Management: a user lists and removes the second factor; an operator changes the key."""

from functools import partial
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts.models import Session, User
from accounts.services.sessions import store
from tests.authenticator import Held, enrol
from tests.client import BY_RECOVERY_CODE, SETUP, Browser
from tests.flows.steps import challenge_for, meanwhile, refusal, signed_in_with_code
from tests.mailbox import emails_to
from tests.people import make_user

pytestmark = pytest.mark.django_db

LIST = "jwt_allauth_mfa_authenticators"
NEW_KEY = "a new key of the tests that is as long as a key must be"


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def owner(user: User, held: Held) -> Browser:
    return signed_in_with_code(user, held)


# The list


@pytest.mark.parametrize("switched_to", ["optional", "required"])
def test_list_names_both_and_no_secret(switched_to: str, owner: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switched_to

    response = owner.call("get", LIST)

    rows = response.json()
    assert response["Cache-Control"] == "no-store"
    assert [row["type"] for row in rows] == ["totp", "recovery_codes"]
    shown = {"id", "type", "created", "last_used"}
    assert [row.keys() for row in rows] == [shown, shown | {"recovery_codes_left"}]


def test_list_leaves_out_those_of_other_users(signed_in: Browser) -> None:
    enrol(make_user())

    assert signed_in.call("get", LIST).json() == []


# Deactivation


def test_deactivation_takes_the_password_and_removes_all_of_it(owner: Browser, user: User) -> None:
    other = make_user()
    enrol(other)

    response = owner.deactivate()

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert set(Authenticator.objects.values_list("user", flat=True)) == {other.pk}
    assert owner.call("get", LIST).json() == []
    assert "access" in Browser().sign_in(user.email).json()
    assert owner.call("post", SETUP, {}).status_code == 200, "it can be set up again"


def test_wrong_password_removes_nothing(owner: Browser, user: User) -> None:
    assert refusal(owner.deactivate("wrong")) == (400, "invalid_password")
    assert Authenticator.objects.count() == 2
    assert emails_to(user.email) == []


def test_user_without_a_second_factor_is_told_so(signed_in: Browser) -> None:
    assert refusal(signed_in.deactivate("wrong")) == (400, "mfa_not_active")


def test_required_second_factor_is_not_deactivated(owner: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert refusal(owner.deactivate()) == (403, "mfa_required")
    assert Authenticator.objects.count() == 2


def test_session_that_ends_meanwhile_removes_nothing(
    owner: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_sessions = partial(store.revoke_all, user_id=user.pk)
    meanwhile(monkeypatch, User.objects, "lock_unchanged", end_sessions)

    assert refusal(owner.deactivate()) == (401, "token_not_valid")
    assert Authenticator.objects.count() == 2
    assert emails_to(user.email) == []


def test_session_without_a_required_factor_does_not_refresh(owner: Browser, settings: Any) -> None:
    owner.deactivate()
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert owner.refresh().status_code == 401


def test_password_can_be_changed_after_the_deactivation(owner: Browser) -> None:
    owner.deactivate()

    assert "access" in owner.change_password().json()


# Keys


def test_factors_outlive_a_new_key(user: User, held: Held, settings: Any, capsys: Any) -> None:
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY, *settings.MFA_ENCRYPTION_KEYS]
    assert signed_in_with_code(user, held).access

    call_command("encrypt_second_factors")
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    assert capsys.readouterr().out == "1 secret encrypted with the first key.\n"
    assert signed_in_with_code(user, held, +1).access
    response = Browser().verify(challenge_for(user), held.recovery_codes[0], BY_RECOVERY_CODE)
    assert response.status_code == 200
    assert Session.objects.count() == 3


def test_secret_that_was_pending_when_the_key_changed_is_encrypted_with_the_new_one(
    signed_in: Browser, user: User, settings: Any
) -> None:
    app = signed_in.set_up()
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY, *settings.MFA_ENCRYPTION_KEYS]
    signed_in.activate(app.code())
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    assert signed_in_with_code(user, Held(app, []), +1).access


def test_missing_key_is_named_and_nothing_changes(held: Held, settings: Any) -> None:
    before = list(Authenticator.objects.order_by("pk").values())
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    with pytest.raises(CommandError, match="MFA_ENCRYPTION_KEYS lacks the key"):
        call_command("encrypt_second_factors")

    assert list(Authenticator.objects.order_by("pk").values()) == before


def test_code_is_refused_without_its_key_and_a_recovery_code_is_not(
    held: Held, user: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    refused = Browser().verify(challenge_for(user), held.app.code())

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_code")
    [error] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert error.message.startswith("MFA_ENCRYPTION_KEYS lacks the key")
    assert error.exc_info is None
    response = Browser().verify(challenge_for(user), held.recovery_codes[0], BY_RECOVERY_CODE)
    assert response.status_code == 200
