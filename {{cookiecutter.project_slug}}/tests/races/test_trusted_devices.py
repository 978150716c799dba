"""Race conditions of trusted devices: a revocation leaves neither trust nor a session of it."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import revocation
from accounts.models import Session, TrustedDevice, User
from accounts.services.mfa import challenges, trusted_devices
from tests.authenticator import Held
from tests.client import Browser
from tests.flows.steps import challenge_for
from tests.races.concurrency import Elsewhere, at_once, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


def trust(user: User, held: Held) -> Browser:
    browser = Browser()
    browser.call("post", "jwt_allauth_mfa_verify", answer(user, held))
    return browser


def answer(user: User, held: Held) -> dict[str, Any]:
    code = held.app.code()
    return {"challenge_id": challenge_for(user), "code": code, "trust_device": True}


@pytest.fixture
def trusted(user: User, held: Held) -> Browser:
    browser = trust(user, held)
    Session.objects.all().delete()
    return browser


def test_sign_in_during_a_revocation_waits_and_is_asked_for_the_factor(
    trusted: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoke_challenges: Callable[..., None] = challenges.revoke_all
    with Elsewhere() as elsewhere:

        def revoked(**options: Any) -> None:
            signing_in.append(elsewhere.start(lambda: trusted.sign_in(user.email)))
            wait_until_blocked()
            revoke_challenges(**options)

        signing_in: list[Any] = []
        monkeypatch.setattr(challenges, "revoke_all", revoked)
        revocation.revoke_all(user)
        response = signing_in[0].result(timeout=10)

    assert "challenge_id" in response.json()
    assert not Session.objects.exists()


def test_revocation_that_a_sign_in_overtakes_ends_its_session(
    trusted: Browser, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    find: Callable[..., Any] = trusted_devices.find
    with Elsewhere() as elsewhere:

        def found(*args: Any, **options: Any) -> Any:
            device = find(*args, **options)
            revoked.append(elsewhere.start(lambda: revocation.revoke_all(user)))
            wait_until_blocked()
            return device

        revoked: list[Any] = []
        monkeypatch.setattr(trusted_devices, "find", found)
        assert "access" in trusted.sign_in(user.email).json()
        revoked[0].result(timeout=10)

    assert not Session.objects.exists()
    assert not TrustedDevice.objects.exists()


def test_trust_that_is_given_during_a_revocation_ends_with_it(
    user: User, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revocation waits for the challenge that is being consumed, and then ends the trust."""
    consume: Callable[..., bool] = challenges.consume
    body = answer(user, held)
    with Elsewhere() as elsewhere:

        def consumed(*args: Any) -> bool:
            is_consumed = consume(*args)
            revoked.append(elsewhere.start(lambda: revocation.revoke_all(user)))
            wait_until_blocked()
            return is_consumed

        revoked: list[Any] = []
        monkeypatch.setattr(challenges, "consume", consumed)
        Browser().call("post", "jwt_allauth_mfa_verify", body)
        revoked[0].result(timeout=10)

    assert not TrustedDevice.objects.exists()


def test_sign_ins_and_revocations_at_once_do_not_deadlock(
    trusted: Browser, user: User, held: Held
) -> None:
    """A deadlock would be a 500, and the test client raises it."""
    cookie = trusted.cookies["trusted_device"].value

    def act(number: int) -> int:
        if number % 4 == 3:
            revocation.revoke_all(user)
            return 200
        browser = Browser()
        browser.cookies["trusted_device"] = cookie
        return int(browser.sign_in(user.email).status_code)

    assert set(at_once(12, act)) == {200}
