"""The address of an account and the row of allauth stay the same."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import EmailChange, Session, User
from accounts.services import email_addresses
from tests.client import Browser
from tests.people import make_user, save

pytestmark = pytest.mark.django_db


def known_to_allauth(user: User) -> tuple[str, bool, bool]:
    row = EmailAddress.objects.get(user=user)
    return row.email, row.verified, row.primary


def test_createsuperuser_makes_an_admin_who_is_known_to_allauth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a right good pass phrase")

    call_command("createsuperuser", email="Root@example.test", interactive=False, verbosity=0)

    root = User.objects.get()
    assert known_to_allauth(root) == ("root@example.test", True, True)
    assert (root.role, root.is_superuser, root.email_verified) == ("ADMIN", True, True)
    assert root.check_password("a right good pass phrase")


def test_dumped_data_can_be_loaded(user: User, tmp_path: Path) -> None:
    dump = tmp_path / "data.json"
    call_command("dumpdata", "accounts", "account", output=str(dump))
    User.objects.all().delete()

    call_command("loaddata", str(dump), verbosity=0)

    assert known_to_allauth(User.objects.get()) == (user.email, True, True)


@pytest.mark.parametrize(
    "changes", [{"email": "moved@example.test"}, {"email_verified": False}, {"first_name": "Grace"}]
)
def test_saved_change_reaches_allauth(changes: dict[str, Any], user: User) -> None:
    save(user, **changes)

    user.refresh_from_db()
    assert known_to_allauth(user) == (user.email, user.email_verified, True)


def test_missing_row_of_allauth_is_made(user: User) -> None:
    EmailAddress.objects.all().delete()

    assert email_addresses.mark_verified(user)

    assert known_to_allauth(user) == (user.email, True, True)


@pytest.mark.parametrize(
    "change", [{"password": "!other"}, {"email": "moved@example.test"}, {"is_active": False}]
)
def test_account_that_changed_since_it_was_read_is_not_verified(change: dict[str, Any]) -> None:
    user = make_user(email_verified=False)
    User.objects.update(**change)

    assert not email_addresses.mark_verified(user)

    assert not User.objects.get().email_verified
    assert not EmailAddress.objects.get().verified


def test_django_admin_does_not_show_the_rows_of_allauth(client: Any) -> None:
    client.force_login(User.objects.create_superuser(email="root@example.test"))

    page = client.get(reverse("admin:index")).content.decode()

    assert "Email addresses" not in page
    assert "Authenticators" not in page


def test_account_that_changed_since_it_was_read_gets_no_pending_address(
    signed_in: Browser, user: User
) -> None:
    session = Session.objects.select_related("user").get()
    User.objects.update(password="!other")

    assert not email_addresses.request_change(
        session=session, email="new@example.test", expires_at=timezone.now()
    )

    assert not EmailChange.objects.exists()


def test_account_does_not_move_to_an_address_that_was_replaced(
    signed_in: Browser, user: User
) -> None:
    now = timezone.now()
    for email in ("new@example.test", "newer@example.test"):
        email_addresses.request_change(
            session=Session.objects.get(), email=email, expires_at=now + timedelta(days=1)
        )

    assert not email_addresses.complete_change(user=user, email="new@example.test", now=now)

    assert User.objects.get().email == user.email
