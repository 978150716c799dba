"""Recovery codes: their form, how many are left, and new ones in place of the old ones."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from accounts.models import FailedMfaAttempt, RecoveryCode, Session, User
from accounts.services.mfa import authenticators, encryption
from mail.models import Mail
from tests.authenticator import Held
from tests.client import BY_RECOVERY_CODE, Browser
from tests.flows.steps import challenge_for, refusal, signed_in_with_code
from tests.mailbox import emails_to

pytestmark = pytest.mark.django_db

LIST, REPLACE = "jwt_allauth_mfa_authenticators", "mfa_recovery_codes"
NEW_KEY = "a new key of the tests that is as long as a key must be"


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def owner(user: User, held: Held) -> Browser:
    return signed_in_with_code(user, held)


def use(user: User, code: str) -> Any:
    return Browser().verify(challenge_for(user), code, BY_RECOVERY_CODE)


def replace(browser: Browser, code: str) -> Any:
    return browser.call("post", REPLACE, {"code": code})


def left(browser: Browser) -> int:
    [row] = [row for row in browser.call("get", LIST).json() if row["type"] == "recovery_codes"]
    return int(row["recovery_codes_left"])


def with_seed(user: User) -> list[str]:
    """Gives the account codes as an earlier release made them; the first one is used."""
    seed = encryption.encrypt("0123456789abcdef0123456789abcdef01234567")
    row = Authenticator.objects.get(user=user, type="recovery_codes")
    RecoveryCode.objects.all().delete()
    row.data = {"seed": seed, "used_mask": 1}
    row.save()
    codes: list[str] = row.wrap().generate_codes()
    return codes


# Their form


def test_code_has_120_bits_in_groups_without_letters_that_look_alike(held: Held) -> None:
    group = "[0-9abcdefghjkmnpqrstvwxyz]{4}"

    for code in held.recovery_codes:
        assert re.fullmatch(f"{group}(-{group}){{5}}", code)


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " ").upper(),
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: code.replace("0", "o").replace("1", "I"),
    ],
)
def test_code_may_be_typed_in_other_ways(typed: Any, user: User, held: Held) -> None:
    for code in held.recovery_codes:
        assert use(user, typed(code)).status_code == 200


def test_table_has_digests_alone(held: Held) -> None:
    rows = str(list(RecoveryCode.objects.values()) + list(Authenticator.objects.values()))

    for code in held.recovery_codes:
        assert code not in rows
        assert code.replace("-", "") not in rows


# How many are left


def test_list_says_how_many_are_left(owner: Browser, user: User, held: Held) -> None:
    assert left(owner) == 10

    use(user, held.recovery_codes[0])
    use(user, held.recovery_codes[0])

    assert left(owner) == 9


def test_owner_is_told_when_three_or_fewer_are_left(user: User, held: Held) -> None:
    for number, code in enumerate(held.recovery_codes, start=1):
        use(user, code)
        assert Mail.objects.filter(kind="recovery_codes_low").count() == max(0, number - 6)

    first, *_, last = emails_to(user.email)
    assert "Unused recovery codes: 3." in first.body
    assert "Unused recovery codes: 0." in last.body


def test_app_that_signs_in_with_few_codes_left_tells_nothing(user: User, held: Held) -> None:
    RecoveryCode.objects.all().delete()
    signed_in_with_code(user, held)

    assert emails_to(user.email) == []


# New ones


@pytest.mark.parametrize("switched_to", ["optional", "required"])
def test_code_of_the_app_replaces_all_of_them(
    switched_to: str, owner: Browser, user: User, held: Held, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = switched_to
    use(user, held.recovery_codes[0])

    response = replace(owner, held.app.code(+1))

    codes = response.json()["recovery_codes"]
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert len(set(codes) - set(held.recovery_codes)) == 10
    assert left(owner) == 10
    assert refusal(use(user, held.recovery_codes[1])) == (400, "invalid_code")
    assert use(user, codes[0]).status_code == 200


def test_owner_is_told_and_every_session_goes_on(owner: Browser, user: User, held: Held) -> None:
    replace(owner, held.app.code(+1))

    assert [mail.subject for mail in emails_to(user.email)] == ["You have new recovery codes"]
    assert owner.refresh().status_code == 200
    assert Session.objects.count() == 1


def test_recovery_code_replaces_nothing_and_counts_as_failed(owner: Browser, held: Held) -> None:
    assert refusal(replace(owner, held.recovery_codes[0])) == (400, "invalid_code")
    assert FailedMfaAttempt.objects.count() == 1
    assert left(owner) == 10


def test_code_of_the_app_replaces_them_once(owner: Browser, user: User, held: Held) -> None:
    code = held.app.code(+1)
    replace(owner, code)

    assert refusal(replace(owner, code)) == (400, "invalid_code")
    assert refusal(Browser().verify(challenge_for(user), code)) == (400, "invalid_code")


def test_failed_attempts_here_and_at_sign_in_count_together(
    owner: Browser, user: User, held: Held
) -> None:
    for _ in range(10):
        assert refusal(replace(owner, held.app.wrong_code())) == (400, "invalid_code")

    assert refusal(replace(owner, held.app.code(+1))) == (429, "throttled")
    assert refusal(Browser().verify(challenge_for(user), held.app.code(+1))) == (429, "throttled")


def test_user_without_a_second_factor_gets_none(signed_in: Browser) -> None:
    assert refusal(replace(signed_in, "123456")) == (400, "mfa_not_active")
    assert not RecoveryCode.objects.exists()


def test_ended_session_replaces_nothing(owner: Browser, user: User, held: Held) -> None:
    Browser().reset_password(user.email)

    assert refusal(replace(owner, held.app.code(+1))) == (401, "token_not_valid")


def test_codes_end_with_the_second_factor(owner: Browser) -> None:
    owner.deactivate()

    assert not RecoveryCode.objects.exists()


def test_statements_of_the_list_and_of_new_codes(
    owner: Browser, held: Held, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3 + len(authenticators.further_factors)):
        owner.call("get", LIST)
    with django_assert_num_queries(17):
        replace(owner, held.app.code(+1))


# Codes of an earlier release


def test_earlier_codes_stay_valid_once_each(owner: Browser, user: User, held: Held) -> None:
    used, *unused = with_seed(user)
    assert left(owner) == 9

    assert refusal(use(user, used)) == (400, "invalid_code")
    for code in unused:
        assert use(user, code).status_code == 200

    assert refusal(use(user, unused[0])) == (400, "invalid_code")
    assert left(owner) == 0


def test_earlier_codes_outlive_a_new_key(user: User, held: Held, settings: Any) -> None:
    codes = with_seed(user)
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY, *settings.MFA_ENCRYPTION_KEYS]
    call_command("encrypt_second_factors")
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    assert use(user, codes[1]).status_code == 200


def test_without_their_key_no_earlier_code_is_left(
    owner: Browser, user: User, settings: Any
) -> None:
    codes = with_seed(user)
    settings.MFA_ENCRYPTION_KEYS = [NEW_KEY]

    assert left(owner) == 0
    assert refusal(use(user, codes[1])) == (400, "invalid_code")


def test_new_codes_replace_earlier_ones(owner: Browser, user: User, held: Held) -> None:
    codes = with_seed(user)

    replace(owner, held.app.code(+1))

    assert left(owner) == 10
    assert refusal(use(user, codes[1])) == (400, "invalid_code")
    assert "seed" not in Authenticator.objects.get(type="recovery_codes").data
