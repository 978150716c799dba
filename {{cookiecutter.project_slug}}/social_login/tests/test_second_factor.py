"""The MFA modes hold after a sign-in with a provider."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from accounts.models import User
from social_login import tasks
from social_login.demo.provider import Claims, DemoProvider
from social_login.models import PendingLink, SocialAccount
from social_login.tests.steps import sign_in
from tests.authenticator import Held
from tests.client import BY_RECOVERY_CODE, Browser
from tests.clock import later
from tests.flows.steps import challenge_for, refusal
from tests.mailbox import emails_to

Amr = Callable[[list[str]], None]


@pytest.fixture(autouse=True)
def _optional(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.fixture
def amr(demo: DemoProvider, monkeypatch: pytest.MonkeyPatch) -> Amr:
    """Makes the provider name the methods that the user has shown."""
    sign = demo.sign

    def set_amr(methods: list[str]) -> None:
        def with_methods(claims: Claims) -> str:
            return sign(claims | {"amr": methods})

        monkeypatch.setattr(demo, "sign", with_methods)

    return set_amr


@pytest.fixture
def linked(guest: Browser, user: User, held: Held) -> Held:
    """The second factor of ``user``, who has connected the provider."""
    SocialAccount.objects.create(
        user=user,
        provider="oidc",
        subject="17",
        created_at=user.date_joined,
        last_used_at=user.date_joined,
    )
    return held


def test_a_second_factor_is_asked_for(guest: Browser, linked: Held) -> None:
    challenge = sign_in(guest, sub="17").json()["challenge_id"]

    response = guest.verify(challenge, linked.app.code())

    assert response.status_code == 200
    claims = jwt.decode(guest.access, options={"verify_signature": False})
    assert claims["amr"] == ["fed", "otp", "mfa"]


def test_where_it_is_required_a_new_user_sets_one_up(guest: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"

    response = sign_in(guest)

    assert response.json().keys() == {"mfa_setup_required", "setup_challenge_id"}
    challenge = response.json()["setup_challenge_id"]
    app = guest.set_up(challenge)
    assert guest.activate(app.code(), challenge).json()["access"]


def test_what_a_provider_names_does_not_replace_it(guest: Browser, linked: Held, amr: Amr) -> None:
    amr(["pwd", "mfa"])

    assert "challenge_id" in sign_in(guest, sub="17").json()


def test_the_methods_of_a_trusted_provider_replace_it(
    guest: Browser, linked: Held, amr: Amr, settings: Any
) -> None:
    settings.SOCIAL_LOGIN_TRUSTED_MFA = ["oidc"]
    amr(["pwd", "mfa"])

    assert sign_in(guest, sub="17").json().keys() == {"access"}


@pytest.mark.parametrize("methods", [[], ["pwd"], "mfa", [["mfa"]]])
def test_a_trusted_provider_that_names_one_factor_does_not_replace_it(
    guest: Browser, linked: Held, amr: Amr, settings: Any, methods: Any
) -> None:
    settings.SOCIAL_LOGIN_TRUSTED_MFA = ["oidc"]
    amr(methods)

    assert "challenge_id" in sign_in(guest, sub="17").json()


def test_a_trusted_provider_does_not_replace_the_setup(
    guest: Browser, amr: Amr, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "required"
    settings.SOCIAL_LOGIN_TRUSTED_MFA = ["oidc"]
    amr(["mfa"])

    assert "setup_challenge_id" in sign_in(guest).json()


def test_a_link_waits_for_the_second_factor(guest: Browser, user: User, held: Held) -> None:
    challenge = sign_in(guest, email=user.email).json()["challenge_id"]
    assert not SocialAccount.objects.exists()
    assert not emails_to(user.email)

    guest.verify(challenge, held.app.code())

    assert SocialAccount.objects.get().user == user
    assert len(emails_to(user.email)) == 1


def test_a_trusted_device_does_not_spare_a_link_the_second_factor(
    guest: Browser, user: User, held: Held
) -> None:
    body = {"challenge_id": challenge_for(user), "code": held.app.code(), "trust_device": True}
    guest.access = guest.call("post", "jwt_allauth_mfa_verify", body).json()["access"]
    guest.sign_out()
    guest.access = ""

    answer = sign_in(guest, email=user.email).json()

    assert "challenge_id" in answer
    assert not SocialAccount.objects.exists()


def test_a_link_follows_a_recovery_code_too(guest: Browser, user: User, held: Held) -> None:
    challenge = sign_in(guest, email=user.email).json()["challenge_id"]

    guest.verify(challenge, held.recovery_codes[0], BY_RECOVERY_CODE)

    assert SocialAccount.objects.exists()


def test_a_wrong_code_links_nothing(guest: Browser, user: User, held: Held) -> None:
    challenge = sign_in(guest, email=user.email).json()["challenge_id"]

    assert guest.verify(challenge, held.app.wrong_code()).status_code == 400

    assert not SocialAccount.objects.exists()


def test_the_second_factor_of_another_sign_in_links_nothing(
    guest: Browser, user: User, held: Held
) -> None:
    sign_in(guest, email=user.email)

    assert Browser().verify(challenge_for(user), held.app.code()).status_code == 200

    assert not SocialAccount.objects.exists()


def test_a_link_waits_even_for_a_trusted_provider(
    guest: Browser, user: User, held: Held, amr: Amr, settings: Any
) -> None:
    settings.SOCIAL_LOGIN_TRUSTED_MFA = ["oidc"]
    amr(["mfa"])

    assert "challenge_id" in sign_in(guest, email=user.email).json()
    assert not SocialAccount.objects.exists()


def test_a_link_ends_with_its_challenge(guest: Browser, user: User, held: Held) -> None:
    challenge = sign_in(guest, email=user.email).json()["challenge_id"]

    with later(301):
        response = guest.verify(challenge, held.app.code(10))
        assert refusal(response) == (400, "invalid_challenge")
        tasks.purge_social_login()

    assert not PendingLink.objects.exists()
    assert not SocialAccount.objects.exists()
