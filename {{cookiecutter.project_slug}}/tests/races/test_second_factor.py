"""Race conditions of the second factor."""

from collections import Counter
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone

from accounts.flows import invitation
from accounts.models import FailedMfaAttempt, LoginChallenge, RecoveryCode, Session, User
from accounts.services.mfa import authenticators
from tests.authenticator import Held, enrol
from tests.client import BY_CODE, BY_RECOVERY_CODE, Browser
from tests.flows.steps import challenge_for, setup_challenge_for, signed_in_with_code
from tests.mailbox import emails_to
from tests.people import make_user
from tests.races.concurrency import Elsewhere, at_once, overtaken, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 20
REPLACE = "mfa_recovery_codes"
OK = (200, None)


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def challenges_for(user: User, number: int) -> list[str]:
    return [challenge_for(user) for _ in range(number)]


def show(challenge: str, code: str, way: tuple[str, str] = BY_CODE) -> tuple[int, str | None]:
    response = Browser().verify(challenge, code, way)
    return response.status_code, response.json().get("code")


@pytest.mark.parametrize("way", [BY_CODE, BY_RECOVERY_CODE], ids=["app", "recovery"])
def test_one_code_presented_twenty_times_at_once_opens_one_session(
    way: tuple[str, str], user: User, held: Held
) -> None:
    challenges = challenges_for(user, TIMES)
    code = held.app.code() if way == BY_CODE else held.recovery_codes[0]

    answers = Counter(at_once(TIMES, lambda n: show(challenges[n], code, way)))

    assert answers[OK] == 1
    assert set(answers) <= {OK, (400, "invalid_code"), (429, "throttled")}
    assert Session.objects.count() == 1


def test_one_challenge_with_ten_codes_at_once_opens_one_session_with_one_code(
    user: User, held: Held
) -> None:
    challenge, codes = challenge_for(user), held.recovery_codes

    answers = Counter(at_once(10, lambda n: show(challenge, codes[n], BY_RECOVERY_CODE)))

    assert answers == {OK: 1, (400, "invalid_challenge"): 9}
    assert Session.objects.count() == 1
    assert RecoveryCode.objects.count() == 9


def test_of_forty_wrong_codes_at_once_ten_are_verified(user: User, held: Held) -> None:
    challenges, code = challenges_for(user, 40), held.app.wrong_code()

    answers = Counter(at_once(40, lambda n: show(challenges[n], code)))

    assert answers == {(400, "invalid_code"): 10, (429, "throttled"): 30}
    assert FailedMfaAttempt.objects.count() == 10
    assert len(emails_to(user.email)) == 1


def test_of_twenty_wrong_codes_for_one_challenge_five_are_verified(user: User, held: Held) -> None:
    challenge, code = challenge_for(user), held.app.wrong_code()

    answers = Counter(at_once(TIMES, lambda _: show(challenge, code)))

    assert answers == {(400, "invalid_code"): 5, (400, "invalid_challenge"): 15}


def test_one_setup_challenge_activates_once(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    challenge = setup_challenge_for(user)
    code = Browser().set_up(challenge).code()

    answers = at_once(10, lambda _: Browser().activate(code, challenge))

    assert [answer.status_code for answer in answers].count(200) == 1
    refused = {answer.json()["code"] for answer in answers if answer.status_code == 400}
    assert refused <= {"invalid_challenge", "mfa_already_active"}
    assert Session.objects.count() == 1
    assert Authenticator.objects.count() == 2


def test_codes_are_replaced_once_for_one_code_of_the_app(user: User, held: Held) -> None:
    browser, code = signed_in_with_code(user, held), held.app.code(+1)

    answers = at_once(TIMES, lambda _: browser.call("post", REPLACE, {"code": code}).status_code)

    assert sorted(answers)[:2] == [200, 400]
    assert RecoveryCode.objects.count() == 10


def test_code_that_is_used_while_all_are_replaced_works_once_or_not_at_all(
    user: User, held: Held
) -> None:
    browser, app_code = signed_in_with_code(user, held), held.app.code(+1)
    challenges = challenges_for(user, 9)

    def act(number: int) -> tuple[int, str | None]:
        if number == 9:
            response = browser.call("post", REPLACE, {"code": app_code})
            return response.status_code, None
        code = held.recovery_codes[number]
        return show(challenges[number], code, BY_RECOVERY_CODE)

    answers = Counter(at_once(10, act))

    assert set(answers) <= {OK, (400, "invalid_code")}
    assert Session.objects.count() == answers[OK]
    assert RecoveryCode.objects.count() == 10
    for code in held.recovery_codes[:2]:
        assert show(challenge_for(user), code, BY_RECOVERY_CODE)[0] in {400, 429}


def test_code_in_use_is_replaced_only_after_it(user: User, held: Held) -> None:
    """The replacement waits for the sign-in, whose code is then gone with the others."""
    challenge = challenge_for(user)
    browser, app_code = signed_in_with_code(user, held), held.app.code(+1)

    def use() -> None:
        code = held.recovery_codes[0]
        assert show(challenge, code, BY_RECOVERY_CODE) == OK

    replaced = overtaken(
        lambda: browser.call("post", REPLACE, {"code": app_code}).status_code, by=use
    )

    assert replaced == 200
    assert RecoveryCode.objects.count() == 10


def test_codes_logouts_and_deactivations_at_once_do_not_deadlock(user: User, held: Held) -> None:
    """A deadlock would be a 500, and the test client raises it."""
    browsers = [Browser() for _ in range(6)]
    challenges = challenges_for(user, 12)
    for browser, code in zip(browsers, held.recovery_codes, strict=False):
        browser.verify(challenges.pop(), code, BY_RECOVERY_CODE)

    def act(number: int) -> int:
        browser = browsers[number % 6]
        if number < 6:
            return int(browser.verify(challenges[number], held.app.code()).status_code)
        if number % 2:
            return int(browser.sign_out_everywhere().status_code)
        return int(browser.deactivate().status_code)

    assert set(at_once(12, act)) <= {200, 400, 401, 429}
    assert not LoginChallenge.objects.exists()


def test_wrong_code_and_an_invitation_that_takes_the_account_over_do_not_deadlock(
    settings: Any, monkeypatch: Any
) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    squatter = make_user(email_verified=False)
    held = enrol(squatter)
    challenge = challenge_for(squatter)
    removes = authenticators.remove_all

    def meanwhile(user: User) -> None:
        with Elsewhere() as elsewhere:
            wrong = elsewhere.start(lambda: show(challenge, held.app.wrong_code()))
            assert wrong.result(timeout=10) == (400, "invalid_code")
        removes(user)

    monkeypatch.setattr(authenticators, "remove_all", meanwhile)

    names = {"first_name": "", "last_name": ""}
    invitation.invite(
        email=squatter.email, role="USER", by=make_user(), now=timezone.now(), **names
    )

    assert not Authenticator.objects.exists()


def test_deletion_of_an_account_waits_for_a_change_of_its_second_factor(
    user: User, held: Held
) -> None:
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            locked = User.objects.lock_unchanged(user)
            assert locked is not None
            deletion = elsewhere.start(user.delete)
            wait_until_blocked()
            authenticators.remove_all(locked)

        deletion.result(timeout=10)
    assert not User.objects.exists()
