from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import Signer
from django.utils import timezone

from accounts import tasks
from accounts.flows import mfa_management
from accounts.models import FailedMfaAttempt, LoginChallenge, Session, User
from accounts.services.mfa import authenticators
from accounts.services.sessions import store
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to, link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

CODE, RECOVERY = "jwt_allauth_mfa_verify", "jwt_allauth_mfa_verify_recovery"
BY_CODE, BY_RECOVERY_CODE = (CODE, "code"), (RECOVERY, "recovery_code")
either_way = pytest.mark.parametrize(("name", "field"), [BY_CODE, BY_RECOVERY_CODE])


@pytest.fixture(autouse=True)
def mode(request: Any, settings: Any) -> str:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode = str(getattr(request, "param", "optional"))
    return mode


@pytest.fixture
def challenge(user: User, held: Held) -> str:
    return challenge_for(user)


def challenge_for(user: User, password: str = PASSWORD) -> str:
    return str(Browser().sign_in(user.email, password).json()["challenge_id"])


def show(challenge: str, code: str, way: tuple[str, str] = BY_CODE) -> Any:
    name, field = way
    return Browser().call("post", name, {"challenge_id": challenge, field: code})


def right(held: Held, field: str) -> str:
    return held.app.code() if field == "code" else held.recovery_codes[0]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


INVALID_CHALLENGE, INVALID_CODE = (400, "invalid_challenge"), (400, "invalid_code")


# A right code


@either_way
@pytest.mark.parametrize("mode", ["optional", "required"], indirect=True)
def test_right_code_opens_a_session(
    name: str, field: str, mode: str, held: Held, challenge: str, user: User
) -> None:
    browser = Browser()

    response = browser.call("post", name, {"challenge_id": challenge, field: right(held, field)})

    assert response.status_code == 200
    assert set(response.json()) == {"access"}
    assert response["Cache-Control"] == "no-store"
    assert Session.objects.get(user=user).with_second_factor
    browser.access = response.json()["access"]
    assert browser.call("get", "rest_user_details").json()["email"] == user.email
    assert browser.refresh().status_code == 200


@either_way
def test_refresh_token_is_in_the_body_where_it_is_not_in_a_cookie(
    name: str, field: str, held: Held, challenge: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    response = show(challenge, right(held, field), (name, field))

    assert set(response.json()) == {"access", "refresh", "device"}
    assert not response.cookies


@either_way
def test_stale_access_token_does_not_stand_in_the_way(
    name: str, field: str, held: Held, challenge: str
) -> None:
    browser = Browser()
    browser.access = "stale"

    response = browser.call("post", name, {"challenge_id": challenge, field: right(held, field)})

    assert response.status_code == 200


@pytest.mark.parametrize("written", ["{0} {1}", "{0}-{1}", " {0}{1} "])
def test_code_may_be_typed_as_it_is_shown(written: str, held: Held, challenge: str) -> None:
    code = held.app.code()

    assert show(challenge, written.format(code[:3], code[3:])).status_code == 200


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_clock_may_be_one_step_off(steps: int, held: Held, challenge: str) -> None:
    with later(0):
        assert show(challenge, held.app.code(steps)).status_code == 200


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_clock_may_not_be_two_steps_off(steps: int, held: Held, challenge: str) -> None:
    with later(0):
        assert refusal(show(challenge, held.app.code(steps))) == INVALID_CODE


# Once


@either_way
def test_challenge_is_spent_by_success(
    name: str, field: str, held: Held, challenge: str, user: User
) -> None:
    show(challenge, right(held, field), (name, field))

    assert refusal(show(challenge, held.app.code(+1))) == INVALID_CHALLENGE
    assert refusal(show(challenge, held.recovery_codes[1], BY_RECOVERY_CODE)) == INVALID_CHALLENGE
    assert Session.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("seconds", [0, 29, 31, 59])
def test_code_works_once_in_all_the_time_that_it_is_good_for(
    seconds: int, held: Held, user: User
) -> None:
    code = held.app.code(+1)
    assert show(challenge_for(user), code).status_code == 200

    with later(seconds):
        assert refusal(show(challenge_for(user), code)) == INVALID_CODE


def test_code_of_an_earlier_step_works_no_more_once_a_later_one_was_used(
    held: Held, user: User
) -> None:
    with later(0):
        show(challenge_for(user), held.app.code(0))

        assert refusal(show(challenge_for(user), held.app.code(-1))) == INVALID_CODE
        assert show(challenge_for(user), held.app.code(+1)).status_code == 200


def test_ten_recovery_codes_work_once_each(held: Held, user: User) -> None:
    assert len(set(held.recovery_codes)) == 10
    for code in held.recovery_codes:
        assert show(challenge_for(user), code, BY_RECOVERY_CODE).status_code == 200

    again = [show(challenge_for(user), code, BY_RECOVERY_CODE) for code in held.recovery_codes[:9]]

    assert {refusal(response) for response in again} == {INVALID_CODE}


def test_totp_code_is_no_recovery_code_nor_the_other_way_round(held: Held, user: User) -> None:
    challenge = challenge_for(user)

    assert refusal(show(challenge, held.app.code(), BY_RECOVERY_CODE)) == INVALID_CODE
    assert refusal(show(challenge, held.recovery_codes[0])) == INVALID_CODE


def test_code_of_somebody_else_is_wrong(held: Held, challenge: str) -> None:
    others = enrol(make_user())

    assert refusal(show(challenge, others.app.code())) == INVALID_CODE
    assert refusal(show(challenge, others.recovery_codes[0], BY_RECOVERY_CODE)) == INVALID_CODE


@pytest.mark.parametrize("code", ["٠١٢٣٤٥", "0", "12345678901234567890", "abcdef", "-1"])
def test_what_is_no_code_is_a_wrong_one(code: str, challenge: str) -> None:
    assert refusal(show(challenge, code)) == INVALID_CODE


# Challenges


@either_way
def test_challenge_expires_after_five_minutes(
    name: str, field: str, held: Held, challenge: str
) -> None:
    with later(5 * 60 + 1):
        response = show(challenge, right(held, field), (name, field))

        assert refusal(response) == INVALID_CHALLENGE


def test_challenge_is_good_for_nearly_five_minutes(held: Held, challenge: str) -> None:
    with later(5 * 60 - 5):
        assert show(challenge, held.app.code()).status_code == 200


def test_row_of_a_challenge_opens_nothing(held: Held, challenge: str) -> None:
    row = LoginChallenge.objects.get()

    for guess in (str(row.pk), row.pk.hex, row.bound_to, Signer().sign(row.pk.hex)):
        assert refusal(show(guess, held.app.code())) == INVALID_CHALLENGE


def test_challenge_does_not_say_whose_it_is(user: User, challenge: str) -> None:
    assert LoginChallenge.objects.get().pk.hex in challenge
    assert user.pk.hex not in challenge
    assert str(user.pk) not in challenge


@pytest.mark.parametrize("junk", ["x", ":", "a:b:c", "0" * 32, "\u00e9:\u20ac", "=" * 200])
def test_challenge_that_we_did_not_make_is_refused(junk: str, held: Held) -> None:
    assert refusal(show(junk, held.app.code())) == INVALID_CHALLENGE


def test_setup_challenge_is_no_challenge(user: User, held: Held, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    setup = Browser().sign_in(make_user().email).json()["setup_challenge_id"]

    assert refusal(show(setup, held.app.code())) == INVALID_CHALLENGE


def change_password(user: User, settings: Any) -> None:
    browser = Browser()
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    browser.sign_in(user.email)
    new = "another good pass phrase"
    body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert browser.call("post", "rest_password_change", body).status_code == 200


def change_password_and_keep_sessions(user: User, settings: Any) -> None:
    settings.LOGOUT_ON_PASSWORD_CHANGE = False
    change_password(user, settings)


def reset_password(user: User, settings: Any) -> None:
    browser = Browser()
    browser.call("post", "rest_password_reset", {"email": user.email})
    browser.get(link_to(user.email))
    browser.set_password("rest_password_reset_set_new", "another good pass phrase")


def set_password_by_hand(user: User, settings: Any) -> None:
    user.set_password("another good pass phrase")
    user.save()


def set_password_in_silence(user: User, settings: Any) -> None:
    """``update`` sends no signal: only what the challenge is bound to tells."""
    user.set_password("another good pass phrase")
    User.objects.filter(pk=user.pk).update(password=user.password)


def close(user: User, settings: Any) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def sign_out_everywhere(user: User, settings: Any) -> None:
    browser = Browser()
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    browser.sign_in(user.email)
    browser.call("post", "rest_logout_all", {})


def move_to_another_address(user: User, settings: Any) -> None:
    browser = Browser()
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"
    browser.sign_in(user.email)
    browser.call("patch", "rest_user_details", {"email": "moved@example.test"})
    assert browser.get(link_to("moved@example.test")).status_code == 302


@pytest.mark.parametrize(
    "happens",
    [
        change_password,
        change_password_and_keep_sessions,
        reset_password,
        set_password_by_hand,
        set_password_in_silence,
        close,
        sign_out_everywhere,
        move_to_another_address,
    ],
)
def test_challenge_dies_with_the_password_the_sessions_and_the_account(
    happens: Any, user: User, held: Held, challenge: str, mode: str, settings: Any
) -> None:
    happens(user, settings)
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    assert refusal(show(challenge, held.app.code())) == INVALID_CHALLENGE


def test_password_that_changes_between_the_code_and_the_session_opens_none(
    user: User, held: Held, challenge: str, monkeypatch: Any
) -> None:
    opens = store.open_session

    def too_late(**arguments: Any) -> Any:
        User.objects.filter(pk=user.pk).update(password="another")
        return opens(**arguments)

    monkeypatch.setattr(store, "open_session", too_late)

    assert refusal(show(challenge, held.app.code())) == INVALID_CHALLENGE
    assert not Session.objects.exists()


def test_reset_between_the_code_and_the_session_is_not_outlived(
    user: User, held: Held, challenge: str, monkeypatch: Any
) -> None:
    opens = store.open_session

    def too_late(**arguments: Any) -> Any:
        mfa_management.reset(user)
        return opens(**arguments)

    monkeypatch.setattr(store, "open_session", too_late)

    assert refusal(show(challenge, held.app.code())) == INVALID_CHALLENGE
    assert not Session.objects.exists()


def test_challenge_is_worth_nothing_once_the_second_factor_has_gone(
    user: User, held: Held, challenge: str
) -> None:
    authenticators.remove_all(user)

    assert refusal(show(challenge, held.app.code())) == INVALID_CODE
    assert not FailedMfaAttempt.objects.exists()


# Guessing


def wrong(held: Held, field: str) -> str:
    return held.app.wrong_code() if field == "code" else "00000000"


@either_way
def test_five_wrong_codes_end_a_challenge(
    name: str, field: str, held: Held, challenge: str, user: User
) -> None:
    for _ in range(5):
        assert refusal(show(challenge, wrong(held, field), (name, field))) == INVALID_CODE

    assert refusal(show(challenge, right(held, field), (name, field))) == INVALID_CHALLENGE
    assert show(challenge_for(user), held.app.code()).status_code == 200


def test_four_wrong_codes_do_not(held: Held, challenge: str) -> None:
    for _ in range(4):
        show(challenge, held.app.wrong_code())

    assert show(challenge, held.app.code()).status_code == 200


def make_wrong(user: User, held: Held, times: int) -> None:
    """Half of them TOTP codes, half of them recovery codes, two for each challenge."""
    for number in range(times):
        way = (BY_CODE, BY_RECOVERY_CODE)[number % 2]
        assert refusal(show(challenge_for(user), wrong(held, way[1]), way)) == INVALID_CODE


@either_way
def test_ten_wrong_codes_lock_the_account_whatever_the_number_of_challenges(
    name: str, field: str, held: Held, user: User
) -> None:
    make_wrong(user, held, 10)

    response = show(challenge_for(user), right(held, field), (name, field))

    assert refusal(response) == (429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    assert f"Try again in {response['Retry-After']} seconds." in response.json()["detail"]
    assert not Session.objects.exists()


def test_lock_ends_by_itself_when_retry_after_says(held: Held, user: User) -> None:
    make_wrong(user, held, 10)
    wait = int(show(challenge_for(user), held.app.code())["Retry-After"])

    with later(wait - 10):
        assert show(challenge_for(user), held.app.code()).status_code == 429
    with later(wait + 1):
        assert show(challenge_for(user), held.app.code()).status_code == 200


def test_lock_lasts_as_long_however_slowly_it_came(held: Held, user: User) -> None:
    make_wrong(user, held, 9)
    with later(14 * 60):
        make_wrong(user, held, 1)

    with later((14 + 14) * 60):
        assert show(challenge_for(user), held.app.code()).status_code == 429
    with later((14 + 16) * 60):
        assert show(challenge_for(user), held.app.code()).status_code == 200


def test_nine_wrong_codes_do_not_lock(held: Held, user: User) -> None:
    make_wrong(user, held, 9)

    assert show(challenge_for(user), held.app.code()).status_code == 200


def test_signing_in_does_not_wipe_the_slate_for_an_attacker(held: Held, user: User) -> None:
    make_wrong(user, held, 9)
    show(challenge_for(user), held.app.code())
    make_wrong(user, held, 1)

    assert show(challenge_for(user), held.app.code(+1)).status_code == 429


def test_somebody_elses_wrong_codes_do_not_count(held: Held, user: User) -> None:
    other = make_user()
    make_wrong(other, enrol(other), 10)

    assert show(challenge_for(user), held.app.code()).status_code == 200


def test_owner_gets_one_letter_for_each_lock(held: Held, user: User) -> None:
    make_wrong(user, held, 10)
    for _ in range(3):
        show(challenge_for(user), held.app.wrong_code())

    [letter] = letters_to(user.email)
    assert "incorrect codes" in letter.subject


def test_attacker_with_the_password_gets_ten_guesses_in_any_fifteen_minutes(
    held: Held, user: User
) -> None:
    """An hour of trying every minute, each time for as long as anything is listened to."""
    challenge, guesses = challenge_for(user), []
    for at in range(0, 3600, 60):
        with later(at):
            while (answer := refusal(show(challenge, held.app.wrong_code())))[0] != 429:
                guesses += [at] if answer == INVALID_CODE else []
                challenge = challenge_for(user) if answer == INVALID_CHALLENGE else challenge

    assert len(guesses) == 40
    assert all(
        sum(start <= guess < start + 15 * 60 for guess in guesses) <= 10 for start in guesses
    )


# Afterwards


def test_what_is_past_is_purged(user: User, held: Held, challenge: str) -> None:
    show(challenge, held.app.wrong_code())
    tasks.purge_second_factor()
    assert LoginChallenge.objects.exists()
    assert FailedMfaAttempt.objects.exists()

    with later(timedelta(hours=1).total_seconds()):
        tasks.purge_second_factor()

    assert not LoginChallenge.objects.exists()
    assert not FailedMfaAttempt.objects.exists()


def test_list_says_when_each_was_used_last(user: User, held: Held, challenge: str) -> None:
    browser = Browser()
    body = {"challenge_id": challenge, "code": held.app.code()}
    browser.access = browser.call("post", CODE, body).json()["access"]

    app, recovery = browser.call("get", "jwt_allauth_mfa_authenticators").json()

    assert app["last_used"][:10] == f"{timezone.now():%Y-%m-%d}"
    assert recovery["last_used"] is None
