"""Capabilities: signed, bound to a password and an address, good for one purpose and a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.services.links import bindings, signed_links
from accounts.services.links.signed_links import LinkNotValid, Purpose
from tests.people import make_user

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def issued(user: User, purpose: Purpose = Purpose.PASSWORD_RESET, **options: Any) -> str:
    return signed_links.issue(purpose, user=user, expires_at=timezone.now() + HOUR, **options)


def is_good(token: str, purpose: Purpose = Purpose.PASSWORD_RESET) -> bool:
    try:
        signed_links.read(purpose, token, now=timezone.now())
    except LinkNotValid:
        return False
    return True


@pytest.mark.parametrize("purpose", Purpose)
def test_each_is_good_for_its_purpose_alone(purpose: Purpose, user: User) -> None:
    token = issued(user, purpose)
    if purpose is Purpose.REOPENING:
        closes_at = (timezone.now() + HOUR).replace(microsecond=0)
        User.objects.filter(pk=user.pk).update(is_active=False, closes_at=closes_at)
        token = signed_links.issue(purpose, user=user, expires_at=closes_at)

    good = {other for other in Purpose if is_good(token, other)}
    relabelled = {other for other in Purpose if is_good(token.replace(purpose, other, 1), other)}

    assert good == relabelled == {purpose}


def test_it_names_the_account_and_no_address(user: User) -> None:
    read = signed_links.read(Purpose.SIGN_UP, issued(user, Purpose.SIGN_UP), now=timezone.now())

    assert read.user == user
    assert read.is_for(user.email)
    assert not read.is_for("other@example.test")


def test_it_ends_at_its_time(user: User) -> None:
    now = timezone.now()
    token = signed_links.issue(Purpose.PASSWORD_RESET, user=user, expires_at=now + HOUR)

    signed_links.read(Purpose.PASSWORD_RESET, token, now=now + HOUR - timedelta(seconds=2))
    with pytest.raises(LinkNotValid):
        signed_links.read(Purpose.PASSWORD_RESET, token, now=now + HOUR)


@pytest.mark.parametrize(
    "change", [{"password": "!other"}, {"email": "moved@example.test"}, {"is_active": False}]
)
def test_it_dies_with_the_password_the_address_and_the_activity(
    change: dict[str, Any], user: User
) -> None:
    token = issued(user)

    User.objects.filter(pk=user.pk).update(**change)

    assert not is_good(token)


@pytest.mark.parametrize(
    "change", [{"first_name": "Grace"}, {"role": "STAFF"}, {"email_verified": False}]
)
def test_it_survives_what_does_not_matter(change: dict[str, Any], user: User) -> None:
    token = issued(user)

    User.objects.filter(pk=user.pk).update(**change)

    assert is_good(token)


def test_that_of_one_account_is_none_for_another_with_the_same_password(user: User) -> None:
    other = make_user()
    User.objects.update(password=user.password)
    payload, _, signature = issued(user).rpartition(":")
    others_payload, _, others_signature = issued(other).rpartition(":")

    assert not is_good(f"{payload}:{others_signature}")
    assert not is_good(f"{others_payload}:{signature}")


def test_secret_key_can_be_replaced_without_killing_what_is_out(user: User, settings: Any) -> None:
    token = issued(user)
    digest = bindings.bind(email=user.email, password_hash=user.password)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-secret-key-of-the-tests-that-replaces-the-one-of-before"

    assert is_good(token)
    assert bindings.is_bound(digest, email=user.email, password_hash=user.password)
    settings.SECRET_KEY_FALLBACKS = []
    assert not is_good(token)
    assert not bindings.is_bound(digest, email=user.email, password_hash=user.password)


def test_digest_of_an_e_mail_is_no_fingerprint(user: User) -> None:
    digest = bindings.bind(email=user.email, password_hash=user.password)
    read = signed_links.read(Purpose.PASSWORD_RESET, issued(user), now=timezone.now())

    assert not digest.startswith(read.fingerprint)


def test_digest_is_the_same_whether_row_or_values_are_asked(user: User) -> None:
    digest = bindings.bind(email=user.email, password_hash=user.password)

    assert bindings.bind_to_address(user.email) == digest
    assert bindings.bind_to_address("nobody@example.test") != bindings.bind_to_address("n@x.test")


@hypothesis_settings(max_examples=30, deadline=None, derandomize=True)
@given(st.text(), st.sampled_from(Purpose))
def test_no_text_is_a_capability_and_none_breaks_the_reader(text: str, purpose: Purpose) -> None:
    assert not is_good(text, purpose)
    assert not is_good(f"{purpose}.{text}", purpose)


@pytest.mark.parametrize("token", ["", ".", "password_reset.", "password_reset.:", "\ud800", "a:b"])
def test_nonsense_is_refused(token: str) -> None:
    assert not is_good(token)
    assert not is_good(f"password_reset.{token}")
