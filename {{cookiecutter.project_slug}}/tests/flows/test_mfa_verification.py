"""Verification: a code answers the challenge that a sign-in has led to."""

from functools import partial
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
from tests.client import BY_CODE, BY_RECOVERY_CODE, Browser
from tests.clock import later
from tests.flows.steps import (
    challenge_for,
    meanwhile,
    refusal,
    setup_challenge_for,
    signed_in_with_code,
)
from tests.people import make_user

pytestmark = pytest.mark.django_db

Way = tuple[str, str]
either_way = pytest.mark.parametrize("way", [BY_CODE, BY_RECOVERY_CODE], ids=["app", "recovery"])
INVALID_CHALLENGE, INVALID_CODE = (400, "invalid_challenge"), (400, "invalid_code")


@pytest.fixture(autouse=True)
def mode(request: Any, settings: Any) -> str:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode = str(getattr(request, "param", "optional"))
    return mode


@pytest.fixture
def challenge(user: User, held: Held) -> str:
    return challenge_for(user)


def verify(challenge: str, code: str, way: Way = BY_CODE) -> Any:
    """In a browser that has no session."""
    return Browser().verify(challenge, code, way)


def right(held: Held, way: Way) -> str:
    return held.app.code() if way == BY_CODE else held.recovery_codes[0]


def wrong(held: Held, way: Way) -> str:
    return held.app.wrong_code() if way == BY_CODE else "00000000"


# A right code


@either_way
@pytest.mark.parametrize("mode", ["optional", "required"], indirect=True)
def test_right_code_signs_in(way: Way, mode: str, held: Held, challenge: str, user: User) -> None:
    browser = Browser()
    browser.access = "stale"

    response = browser.verify(challenge, right(held, way), way)

    assert (response.status_code, response.json().keys()) == (200, {"access"})
    assert response["Cache-Control"] == "no-store"
    assert Session.objects.get(user=user).with_second_factor
    assert browser.call("get", "rest_user_details").json()["email"] == user.email
    assert browser.refresh().status_code == 200


@pytest.mark.parametrize("written", ["{0} {1}", "{0}-{1}", " {0}{1} "])
def test_code_may_be_typed_as_it_is_shown(written: str, held: Held, challenge: str) -> None:
    code = held.app.code()

    assert verify(challenge, written.format(code[:3], code[3:])).status_code == 200


@pytest.mark.parametrize("steps", range(-3, 4))
def test_clock_may_be_one_step_off_and_no_more(steps: int, held: Held, challenge: str) -> None:
    with later(0):
        response = verify(challenge, held.app.code(steps))

    assert response.status_code == (200 if abs(steps) <= 1 else 400)
    assert response.status_code == 200 or refusal(response) == INVALID_CODE


# Once


@either_way
def test_challenge_is_consumed_by_success(way: Way, held: Held, challenge: str, user: User) -> None:
    verify(challenge, right(held, way), way)

    assert refusal(verify(challenge, held.app.code(+1))) == INVALID_CHALLENGE
    assert refusal(verify(challenge, held.recovery_codes[1], BY_RECOVERY_CODE)) == INVALID_CHALLENGE
    assert Session.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("seconds", [0, 29, 31, 59])
def test_code_works_once_while_it_is_valid(seconds: int, held: Held, user: User) -> None:
    code = held.app.code(+1)
    assert verify(challenge_for(user), code).status_code == 200

    with later(seconds):
        assert refusal(verify(challenge_for(user), code)) == INVALID_CODE


def test_code_of_an_earlier_step_does_not_work_after_a_later_one(held: Held, user: User) -> None:
    with later(0):
        verify(challenge_for(user), held.app.code(0))

        assert refusal(verify(challenge_for(user), held.app.code(-1))) == INVALID_CODE
        assert verify(challenge_for(user), held.app.code(+1)).status_code == 200


def test_ten_recovery_codes_work_once_each(held: Held, user: User) -> None:
    assert len(set(held.recovery_codes)) == 10
    for code in held.recovery_codes:
        assert verify(challenge_for(user), code, BY_RECOVERY_CODE).status_code == 200

    for code in held.recovery_codes[:9]:
        assert refusal(verify(challenge_for(user), code, BY_RECOVERY_CODE)) == INVALID_CODE


def test_code_of_the_other_kind_or_of_another_user_is_wrong(held: Held, challenge: str) -> None:
    other = enrol(make_user())

    for code, way in (
        (held.app.code(), BY_RECOVERY_CODE),
        (held.recovery_codes[0], BY_CODE),
        (other.app.code(), BY_CODE),
        (other.recovery_codes[0], BY_RECOVERY_CODE),
    ):
        assert refusal(verify(challenge, code, way)) == INVALID_CODE


@pytest.mark.parametrize("code", ["٠١٢٣٤٥", "0", "12345678901234567890", "abcdef", "-1"])
def test_malformed_code_is_a_wrong_one(code: str, challenge: str) -> None:
    assert refusal(verify(challenge, code)) == INVALID_CODE


@either_way
def test_missing_fields_are_named_and_no_guess_is_counted(way: Way, db: None) -> None:
    response = Browser().call("post", way[0], {})

    assert response.json()["codes"].keys() == {"challenge_id", way[1]}
    assert not FailedMfaAttempt.objects.exists()


# Challenges


@either_way
def test_challenge_expires_after_five_minutes(way: Way, held: Held, challenge: str) -> None:
    with later(5 * 60 + 1):
        assert refusal(verify(challenge, right(held, way), way)) == INVALID_CHALLENGE
    with later(5 * 60 - 5):
        assert verify(challenge, right(held, way), way).status_code == 200


def test_row_of_a_challenge_opens_nothing(held: Held, challenge: str, user: User) -> None:
    row = LoginChallenge.objects.get()

    assert user.pk.hex not in challenge.replace("-", "")
    for guess in (str(row.pk), row.pk.hex, row.bound_to, Signer().sign(row.pk.hex)):
        assert refusal(verify(guess, held.app.code())) == INVALID_CHALLENGE


def test_setup_challenge_is_no_challenge(held: Held, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    assert refusal(verify(setup_challenge_for(make_user()), held.app.code())) == INVALID_CHALLENGE


def change_password_row(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password="another")


@pytest.mark.parametrize("happens", [change_password_row, mfa_management.reset])
def test_account_that_changes_between_the_code_and_the_session_opens_none(
    happens: Any, user: User, held: Held, challenge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, store, "open_session", partial(happens, user))

    assert refusal(verify(challenge, held.app.code())) == INVALID_CHALLENGE
    assert not Session.objects.exists()


def test_challenge_ends_with_the_second_factor(user: User, held: Held, challenge: str) -> None:
    authenticators.remove_all(user)

    assert refusal(verify(challenge, held.app.code())) == INVALID_CODE
    assert not FailedMfaAttempt.objects.exists()


# Guessing


@either_way
@pytest.mark.parametrize(("times", "status"), [(4, 200), (5, 400)])
def test_five_wrong_codes_end_a_challenge(
    times: int, status: int, way: Way, held: Held, challenge: str, user: User
) -> None:
    for _ in range(times):
        assert refusal(verify(challenge, wrong(held, way), way)) == INVALID_CODE

    response = verify(challenge, right(held, way), way)

    assert response.status_code == status
    assert status == 200 or refusal(response) == INVALID_CHALLENGE
    assert verify(challenge_for(user), held.app.code(+1)).status_code == 200


def guess(user: User, held: Held, times: int) -> None:
    """Half of the codes are TOTP codes, half are recovery codes; each has its own challenge."""
    for number in range(times):
        way = (BY_CODE, BY_RECOVERY_CODE)[number % 2]
        assert refusal(verify(challenge_for(user), wrong(held, way), way)) == INVALID_CODE


def answer_of(user: User, held: Held) -> int:
    """The status that a right code gets now."""
    return int(verify(challenge_for(user), held.app.code()).status_code)


@either_way
def test_ten_wrong_codes_lock_the_account(way: Way, held: Held, user: User) -> None:
    guess(user, held, 10)

    response = verify(challenge_for(user), right(held, way), way)

    assert refusal(response) == (429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 15 * 60
    assert f"Try again in {response['Retry-After']} seconds." in response.json()["detail"]
    assert not Session.objects.exists()


def test_lock_ends_when_retry_after_says(held: Held, user: User) -> None:
    guess(user, held, 10)
    wait = int(verify(challenge_for(user), held.app.code())["Retry-After"])

    for seconds, status in ((wait - 10, 429), (wait + 1, 200)):
        with later(seconds):
            assert answer_of(user, held) == status


def test_lock_lasts_as_long_after_slow_guesses(held: Held, user: User) -> None:
    guess(user, held, 9)
    with later(14 * 60):
        guess(user, held, 1)

    for minutes, status in ((14 + 14, 429), (14 + 16, 200)):
        with later(minutes * 60):
            assert answer_of(user, held) == status


def test_ten_wrong_codes_in_more_than_a_quarter_of_an_hour_lock_nothing(
    held: Held, user: User
) -> None:
    guess(user, held, 5)

    with later(16 * 60):
        guess(user, held, 5)
        assert answer_of(user, held) == 200


def test_sign_in_after_nine_wrong_codes_does_not_reset_the_count(held: Held, user: User) -> None:
    guess(user, held, 9)
    assert answer_of(user, held) == 200
    guess(user, held, 1)

    assert answer_of(user, held) == 429


def test_wrong_codes_for_another_user_do_not_count(held: Held, user: User) -> None:
    other = make_user()
    guess(other, enrol(other), 10)

    assert answer_of(user, held) == 200


# Afterwards


def test_old_challenges_and_attempts_are_purged(held: Held, challenge: str) -> None:
    verify(challenge, held.app.wrong_code())
    tasks.purge_second_factor()
    assert LoginChallenge.objects.exists()
    assert FailedMfaAttempt.objects.exists()

    with later(3600):
        tasks.purge_second_factor()

    assert not LoginChallenge.objects.exists()
    assert not FailedMfaAttempt.objects.exists()


def test_list_says_when_each_was_last_used(user: User, held: Held) -> None:
    with later(0):
        today = f"{timezone.now():%Y-%m-%d}"
        browser = signed_in_with_code(user, held)

    app, recovery = browser.call("get", "jwt_allauth_mfa_authenticators").json()

    assert app["last_used"][:10] == today
    assert recovery["last_used"] is None
