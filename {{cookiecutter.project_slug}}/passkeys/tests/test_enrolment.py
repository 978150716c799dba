"""Adding a passkey, in a recent session or with a setup challenge."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from fido2.cose import ES256, RS256, CoseKey, EdDSA

from accounts.models import Session, User
from accounts.services.mfa import authenticators
from passkeys import store
from passkeys.models import Passkey, PasskeyChallenge
from passkeys.tasks import purge_challenges
from passkeys.tests.authenticator import ATTESTED, Authenticator, encode, new_key
from passkeys.tests.steps import begin, enrol, finish, login
from tests.client import BY_CODE, Browser
from tests.flows.steps import challenge_for, refusal, setup_challenge_for
from tests.mailbox import emails_to
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def test_options_describe_the_account_and_the_site(
    signed_in: Browser, user: User, settings: Any
) -> None:
    response = begin(signed_in)

    options = response.json()["options"]
    assert response["Cache-Control"] == "no-store"
    assert options["rp"] == {"id": "api.example.test", "name": settings.PROJECT_NAME}
    assert options["user"]["name"] == user.email
    assert options["user"]["id"] == encode(user.pk.bytes)
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["excludeCredentials"] == []


def test_first_passkey_is_a_second_factor_with_recovery_codes(
    signed_in: Browser, user: User
) -> None:
    response = finish(signed_in, begin(signed_in), Authenticator(), name="Blue key")

    added = response.json()
    assert response.status_code == 201
    assert added.keys() == {"id", "name", "created", "last_used", "backed_up", "recovery_codes"}
    assert (added["name"], len(added["recovery_codes"])) == ("Blue key", 10)
    user.refresh_from_db()
    assert user.has_second_factor
    assert Session.objects.get().with_second_factor


@pytest.mark.parametrize("algorithm", [ES256, EdDSA, RS256])
def test_algorithm_is_accepted(algorithm: type[CoseKey], signed_in: Browser, user: User) -> None:
    passkey = enrol(signed_in, user, algorithm=algorithm, key=new_key(algorithm))

    assert login(Browser(), passkey).status_code == 200


def test_second_passkey_ends_nothing_and_has_no_recovery_codes(
    signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    other = Browser()
    login(other, enrol(signed_in, user))

    response = finish(signed_in, begin(signed_in), Authenticator())

    assert response.json()["recovery_codes"] == []
    assert other.refresh().status_code == 200


def test_first_passkey_ends_every_other_session(signed_in: Browser, user: User) -> None:
    other = Browser()
    other.sign_in(user.email)

    enrol(signed_in, user)

    assert other.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200


def test_owner_gets_an_e_mail(signed_in: Browser, user: User) -> None:
    enrol(signed_in, user)

    assert emails_to(user.email)[-1].subject == "A passkey has been added to your account"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Safari/604.1", "iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile", "Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/150.0", "Windows"),
        ("curl/8", "Passkey"),
    ],
)
def test_name_is_guessed_from_the_user_agent(
    user_agent: str, name: str, signed_in: Browser
) -> None:
    signed_in.defaults["HTTP_USER_AGENT"] = user_agent

    added = finish(signed_in, begin(signed_in), Authenticator())

    assert added.json()["name"] == name


def test_options_exclude_the_passkeys_of_the_account(signed_in: Browser, user: User) -> None:
    passkey = enrol(signed_in, user)

    [excluded] = begin(signed_in).json()["options"]["excludeCredentials"]

    assert excluded == {
        "type": "public-key",
        "id": encode(passkey.credential_id),
        "transports": ["internal", "hybrid"],
    }


def test_adding_needs_a_recent_sign_in(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3_600
    signed_in.refresh()

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert refusal(begin(signed_in)) == (401, "reauthentication_required")


def test_adding_needs_an_access_token(browser: Browser) -> None:
    assert refusal(begin(browser)) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "deviation",
    [
        {"origin": "https://evil.example.test"},
        {"rp_id": "example.test"},
        {"flags": 0},
        {"client_data": {"type": "webauthn.get"}},
        {"client_data": {"challenge": encode(b"another challenge")}},
        {"client_data": {"crossOrigin": True, "topOrigin": "https://evil.example.test"}},
    ],
    ids=str,
)
def test_response_that_deviates_is_refused(
    deviation: dict[str, Any], signed_in: Browser, user: User
) -> None:
    response = finish(signed_in, begin(signed_in), Authenticator(**deviation))

    assert refusal(response) == (400, "invalid_passkey")
    assert not Passkey.objects.exists()


def test_challenge_is_consumed_by_a_failure(signed_in: Browser) -> None:
    begun = begin(signed_in)
    finish(signed_in, begun, Authenticator(origin="https://evil.example.test"))

    response = finish(signed_in, begun, Authenticator())

    assert refusal(response) == (400, "invalid_challenge")


def test_challenge_is_consumed_by_a_success(signed_in: Browser) -> None:
    begun = begin(signed_in)
    finish(signed_in, begun, Authenticator())

    assert refusal(finish(signed_in, begun, Authenticator())) == (400, "invalid_challenge")


def test_challenge_expires_after_five_minutes(signed_in: Browser) -> None:
    begun = begin(signed_in)

    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        signed_in.refresh()
        assert refusal(finish(signed_in, begun, Authenticator())) == (400, "invalid_challenge")


def test_challenge_of_another_session_is_refused(signed_in: Browser) -> None:
    begun = begin(signed_in)
    other = Browser()
    other.sign_in(make_user().email)

    assert refusal(finish(other, begun, Authenticator())) == (400, "invalid_challenge")


def test_passkey_of_another_account_is_refused(signed_in: Browser, user: User) -> None:
    passkey = enrol(signed_in, user)
    other = Browser()
    other.sign_in(make_user().email)

    assert refusal(finish(other, begin(other), passkey)) == (409, "passkey_taken")
    assert Passkey.objects.get().user == user


def test_account_has_at_most_twenty_passkeys(
    signed_in: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_PER_ACCOUNT", 1)
    enrol(signed_in, user)

    assert refusal(begin(signed_in)) == (409, "too_many_passkeys")


def test_limit_is_checked_again_when_the_passkey_is_stored(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(signed_in)
    monkeypatch.setattr(store, "MAX_PER_ACCOUNT", 0)

    assert refusal(finish(signed_in, begun, Authenticator())) == (409, "too_many_passkeys")
    assert not Passkey.objects.exists()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("attestationObject", "!"),
        ("attestationObject", encode(b"\xff" * 100)),
        ("attestationObject", encode(b"\xa0")),
        ("clientDataJSON", encode(b"[]")),
        ("clientDataJSON", encode(b"\x00\xff")),
        ("clientDataJSON", encode(b'{"type": "webauthn.create"}')),
    ],
)
def test_malformed_response_is_refused(part: str, value: str, signed_in: Browser) -> None:
    asked = begin(signed_in).json()
    credential = Authenticator().create(asked["options"])
    credential["response"][part] = value

    response = signed_in.call(
        "post", "passkeys", {"challenge_id": asked["challenge_id"], "credential": credential}
    )

    assert refusal(response) == (400, "invalid_passkey")


def test_attestation_of_sixty_four_kilobytes_is_refused(signed_in: Browser) -> None:
    asked = begin(signed_in).json()
    credential = Authenticator().create(asked["options"])
    credential["response"]["attestationObject"] = "A" * 60_000

    response = signed_in.call(
        "post", "passkeys", {"challenge_id": asked["challenge_id"], "credential": credential}
    )

    assert response.status_code == 400
    codes = {"credential.response.attestationObject": ["max_length"]}
    assert response.json()["codes"] == codes


def test_response_without_a_credential_is_refused(signed_in: Browser) -> None:
    # The flag that announces a credential is missing.
    class Silent(Authenticator):
        def _authenticator_data(self, flags: int) -> bytes:
            return super()._authenticator_data(flags & ~ATTESTED)

    response = finish(signed_in, begin(signed_in), Silent())

    assert refusal(response) == (400, "invalid_passkey")


# With an authenticator app, and where MFA is required


def test_authenticator_app_can_be_added_after_a_passkey(signed_in: Browser, user: User) -> None:
    enrol(signed_in, user)

    setup = signed_in.call("post", "jwt_allauth_mfa_setup", {})

    assert setup.status_code == 200


def test_setup_challenge_enrols_a_passkey_and_signs_in(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    browser, setup = Browser(), setup_challenge_for(user)
    passkey = Authenticator(user_handle=user.pk.bytes)

    begun = begin(browser, setup_challenge_id=setup)
    response = finish(browser, begun, passkey, setup_challenge_id=setup)

    assert response.status_code == 201
    assert len(response.json()["recovery_codes"]) == 10
    assert "access" in response.json()
    assert browser.refresh().status_code == 200
    assert refusal(begin(Browser(), setup_challenge_id=setup)) == (400, "invalid_challenge")


def test_recovery_code_of_a_passkey_signs_in(signed_in: Browser, user: User) -> None:
    added = finish(signed_in, begin(signed_in), Authenticator()).json()

    response = Browser().verify(
        challenge_for(user),
        added["recovery_codes"][0],
        ("jwt_allauth_mfa_verify_recovery", "recovery_code"),
    )

    assert response.status_code == 200


def test_code_is_refused_where_there_is_only_a_passkey(signed_in: Browser, user: User) -> None:
    enrol(signed_in, user)

    response = Browser().verify(challenge_for(user), "123456", BY_CODE)

    assert refusal(response) == (400, "invalid_code")


def test_list_of_authenticators_has_the_passkey(signed_in: Browser, user: User) -> None:
    enrol(signed_in, user)

    listed = signed_in.call("get", "jwt_allauth_mfa_authenticators").json()

    assert [row["type"] for row in listed] == ["recovery_codes", "passkey"]


def test_passkeys_work_while_mfa_is_disabled(signed_in: Browser, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "disabled"

    passkey = enrol(signed_in, user)

    assert login(Browser(), passkey).status_code == 200
    assert Browser().sign_in(user.email).status_code == 200


def test_factor_that_was_not_shown_cannot_be_followed_by_another(
    signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    Session.objects.update(with_second_factor=False)

    assert refusal(begin(signed_in)) == (401, "reauthentication_required")


def test_reset_of_the_second_factor_removes_passkeys(signed_in: Browser, user: User) -> None:
    enrol(signed_in, user)
    user.refresh_from_db()

    authenticators.remove_all(user)

    assert not Passkey.objects.exists()


def test_old_challenges_are_purged(signed_in: Browser) -> None:
    begin(signed_in)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        purge_challenges()

    assert not PasskeyChallenge.objects.exists()
