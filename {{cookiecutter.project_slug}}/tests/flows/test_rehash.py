"""A sign-in hashes the password again after the hasher has changed."""

from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from accounts.models import User, managers
from tests.client import Browser
from tests.flows.steps import meanwhile, signed_in_as
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def new_hasher(user: User, settings: Any) -> None:
    name = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    settings.PASSWORD_HASHERS = [name, *settings.PASSWORD_HASHERS]


@pytest.mark.usefixtures("new_hasher")
def test_of_two_sign_ins_that_rehash_both_succeed(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [Browser()]

    def sign_in_elsewhere() -> None:
        while others:
            assert others.pop().sign_in(user.email).status_code == 200

    meanwhile(monkeypatch, managers, "make_password", sign_in_elsewhere)

    assert Browser().sign_in(user.email).status_code == 200
    assert User.objects.get().password.startswith("pbkdf2_")


@pytest.mark.usefixtures("new_hasher")
def test_password_that_is_changed_during_a_rehash_does_not_sign_in(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_password(NEW_PASSWORD)
    change = partial(User.objects.filter(pk=user.pk).update, password=other)
    meanwhile(monkeypatch, managers, "make_password", change)

    assert Browser().sign_in(user.email).status_code == 401
    assert User.objects.get().password == other


@pytest.mark.usefixtures("new_hasher")
def test_sign_in_to_a_closed_account_leaves_the_link_that_reopens_it(user: User) -> None:
    signed_in_as(user).call("post", "user_close", {})
    link = link_to(user.email)

    assert Browser().sign_in(user.email).status_code == 401

    assert Browser().get(link).status_code == 200


@pytest.mark.usefixtures("new_hasher")
def test_account_that_is_closed_during_a_rehash_keeps_the_link(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = signed_in_as(user)
    # The sign-in of the owner has just replaced it.
    User.objects.update(password=user.password)
    meanwhile(monkeypatch, managers, "make_password", lambda: owner.call("post", "user_close", {}))

    assert Browser().sign_in(user.email).status_code == 401

    assert Browser().get(link_to(user.email)).status_code == 200


@pytest.mark.usefixtures("new_hasher")
def test_account_that_is_deleted_during_a_rehash_does_not_sign_in(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, managers, "make_password", User.objects.all().delete)

    assert Browser().sign_in(user.email).status_code == 401
