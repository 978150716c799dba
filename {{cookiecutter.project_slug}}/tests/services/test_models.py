"""The rows of accounts and their constraints."""

import pytest
from django.db import IntegrityError

from accounts.models import Session, User
from accounts.services.mfa import authenticators
from accounts.services.passwords import verification
from tests.authenticator import enrol
from tests.client import Browser
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_address_is_stored_in_lower_case_and_found_in_any() -> None:
    user = make_user(email="Ada.Lovelace@Example.Test")
    make_user(email="x.lovelace@example.test")

    assert User.objects.get(pk=user.pk).email == "ada.lovelace@example.test"
    assert User.objects.get(email="ADA.Lovelace@example.test") == user
    assert User.objects.get_by_natural_key("ADA.Lovelace@example.test") == user
    assert verification.find_user("ADA.Lovelace@example.test") == user
    assert verification.find_user("lovelace@example.test") is None


def test_one_address_has_one_account() -> None:
    make_user(email="ada@example.test")

    with pytest.raises(IntegrityError):
        make_user(email="ADA@example.test")


def test_database_refuses_an_address_in_upper_case() -> None:
    user = make_user()

    with pytest.raises(IntegrityError, match="user_email_is_lowercase"):
        User.objects.raw(
            "UPDATE accounts_user SET email = 'ADA@example.test' WHERE id = %s RETURNING id",
            [user.pk],
        )[0]


def test_database_refuses_a_superuser_who_is_no_admin() -> None:
    make_user()

    with pytest.raises(IntegrityError, match="user_superuser_is_admin"):
        User.objects.update(is_superuser=True)


@pytest.mark.parametrize(("role", "staff"), [("USER", False), ("STAFF", True), ("ADMIN", True)])
def test_role_decides_who_may_use_django_admin(role: str, staff: bool) -> None:
    assert make_user(role=role).is_staff is staff


def test_id_does_not_tell_the_number_of_users() -> None:
    assert make_user().pk.version == 4


@pytest.mark.parametrize("has_one", [True, False])
def test_saving_a_row_read_earlier_leaves_the_second_factor_as_it_is(
    has_one: bool, user: User
) -> None:
    if not has_one:
        enrol(user)
    stale = User.objects.get(pk=user.pk)
    enrol(user) if has_one else authenticators.remove_all(user)
    before = User.objects.filter(pk=user.pk).values(*User.SECOND_FACTOR).get()

    stale.set_password("another good pass phrase")
    stale.save()

    assert User.objects.filter(pk=user.pk).values(*User.SECOND_FACTOR).get() == before
    assert User.objects.get(pk=user.pk).check_password("another good pass phrase")


def test_saving_a_row_read_before_a_password_change_ends_the_sessions(
    signed_in: Browser, user: User
) -> None:
    stale = User.objects.get(pk=user.pk)
    User.objects.update(password="!other")

    stale.save()

    assert not Session.objects.exists()


@pytest.mark.parametrize("verified", [True, False])
def test_row_says_whether_the_address_was_verified_before_the_second_factor(verified: bool) -> None:
    user = make_user(email_verified=verified)
    enrol(user)

    user.email_verified = not verified
    user.save()

    assert User.objects.get().verified_before_second_factor == verified
