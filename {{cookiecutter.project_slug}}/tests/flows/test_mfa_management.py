from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from accounts.models import Session, User
from accounts.services.sessions import store
from tests.authenticator import App, Held, enrol
from tests.client import Browser
from tests.mailbox import letters_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW = "another good pass phrase"
LIST, DEACTIVATE = "jwt_allauth_mfa_authenticators", "jwt_allauth_mfa_deactivate"


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def signed_in_with_code(user: User, held: Held, steps: int = 0) -> Browser:
    browser = Browser()
    challenge = browser.sign_in(user.email).json()["challenge_id"]
    answer = {"challenge_id": challenge, "code": held.app.code(steps)}
    browser.access = browser.call("post", "jwt_allauth_mfa_verify", answer).json()["access"]
    return browser


@pytest.fixture
def owner(user: User, held: Held) -> Browser:
    return signed_in_with_code(user, held)


def deactivate(browser: Browser, password: str = PASSWORD) -> Any:
    return browser.call("post", DEACTIVATE, {"password": password})


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# The list


@pytest.mark.parametrize("switched_to", ["optional", "required"])
def test_list_names_what_there_is_and_no_secret(
    switched_to: str, owner: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switched_to

    rows = owner.call("get", LIST).json()

    assert [row["type"] for row in rows] == ["totp", "recovery_codes"]
    assert {frozenset(row) for row in rows} == {frozenset({"id", "type", "created", "last_used"})}


def test_list_is_ones_own(signed_in: Browser) -> None:
    enrol(make_user())

    assert signed_in.call("get", LIST).json() == []


@pytest.mark.parametrize(("name", "method"), [(LIST, "get"), (DEACTIVATE, "post")])
def test_anonymous_is_refused(name: str, method: str, browser: Browser, db: None) -> None:
    response = browser.call(method, name, {"password": PASSWORD})

    assert refusal(response) == (401, "not_authenticated")


# Deactivation


def test_deactivation_takes_the_password_and_removes_all_of_it(owner: Browser, user: User) -> None:
    response = deactivate(owner)

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert not Authenticator.objects.exists()
    assert owner.call("get", LIST).json() == []
    assert "access" in Browser().sign_in(user.email).json()


def test_wrong_password_removes_nothing(owner: Browser, user: User) -> None:
    assert refusal(deactivate(owner, "wrong")) == (400, "invalid_password")
    assert Authenticator.objects.count() == 2
    assert letters_to(user.email) == []


def test_whoever_has_none_is_told_so_whatever_the_password(signed_in: Browser) -> None:
    assert refusal(deactivate(signed_in, "wrong")) == (400, "mfa_not_active")


def test_nobody_deactivates_what_is_required(owner: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert refusal(deactivate(owner)) == (403, "mfa_required")
    assert Authenticator.objects.count() == 2


def test_deactivation_keeps_this_session_and_ends_the_others(
    owner: Browser, user: User, held: Held
) -> None:
    other = signed_in_with_code(user, held, +1)
    challenge = Browser().sign_in(user.email).json()["challenge_id"]

    deactivate(owner)

    assert owner.refresh().status_code == 200
    assert other.refresh().status_code == 401
    answer = {"challenge_id": challenge, "code": "123456"}
    response = Browser().call("post", "jwt_allauth_mfa_verify", answer)
    assert refusal(response) == (400, "invalid_challenge")


def test_owner_is_told_of_the_deactivation(owner: Browser, user: User) -> None:
    deactivate(owner)

    assert "turned off" in letters_to(user.email)[-1].subject


def test_session_that_ends_meanwhile_removes_nothing(
    owner: Browser, user: User, monkeypatch: Any
) -> None:
    locks = User.objects.lock_unchanged

    def meanwhile(person: User) -> User | None:
        store.revoke_all(user_id=user.pk)
        return locks(person)

    monkeypatch.setattr(User.objects, "lock_unchanged", meanwhile)

    assert refusal(deactivate(owner)) == (401, "token_not_valid")
    assert Authenticator.objects.count() == 2
    assert letters_to(user.email) == []


def test_somebody_elses_second_factor_stays(owner: Browser) -> None:
    other = make_user()
    enrol(other)

    deactivate(owner)

    assert Authenticator.objects.filter(user=other).count() == 2


def test_it_can_be_set_up_again(owner: Browser, user: User) -> None:
    deactivate(owner)

    assert owner.call("post", "jwt_allauth_mfa_setup", {}).status_code == 200


def test_session_that_gave_it_up_refreshes_no_more_once_it_is_required(
    owner: Browser, settings: Any
) -> None:
    deactivate(owner)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert owner.refresh().status_code == 401


def test_password_can_be_changed_after_giving_it_up(owner: Browser) -> None:
    deactivate(owner)

    body = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert "access" in owner.call("post", "rest_password_change", body).json()


# Keys


NEW_KEY = "a new key of the tests that is as long as a key must be"


def test_second_factors_outlive_a_change_of_the_key(
    user: User, held: Held, settings: Any, capsys: Any
) -> None:
    old = settings.MFA_ENCRYPTION_KEYS
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY, *old]
    assert signed_in_with_code(user, held).access

    call_command("encrypt_second_factors")
    settings.MFA_ENCRYPTION_KEYS = settings.MFA_ENCRYPTION_KEYS[:1]

    assert capsys.readouterr().out == "2 secrets encrypted with the first key.\n"
    assert signed_in_with_code(user, held, +1).access
    challenge = Browser().sign_in(user.email).json()["challenge_id"]
    answer = {"challenge_id": challenge, "recovery_code": held.recovery_codes[0]}
    response = Browser().call("post", "jwt_allauth_mfa_verify_recovery", answer)
    assert response.status_code == 200
    assert Session.objects.count() == 3


def test_secret_that_was_pending_when_the_key_changed_is_encrypted_with_the_new_one(
    signed_in: Browser, user: User, settings: Any
) -> None:
    old = settings.MFA_ENCRYPTION_KEYS
    app = App(signed_in.call("post", "jwt_allauth_mfa_setup", {}).json()["secret"])
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY, *old]
    signed_in.call("post", "jwt_allauth_mfa_activate", {"code": app.code()})
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    assert signed_in_with_code(user, Held(app, []), +1).access


def test_key_that_is_lost_is_said_and_nothing_changed(held: Held, settings: Any) -> None:
    before = list(Authenticator.objects.order_by("pk").values())
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    with pytest.raises(CommandError, match="MFA_ENCRYPTION_KEYS lacks the key"):
        call_command("encrypt_second_factors")

    assert list(Authenticator.objects.order_by("pk").values()) == before
