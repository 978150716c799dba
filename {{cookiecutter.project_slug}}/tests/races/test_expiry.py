"""Race conditions of the e-mail about a sign-up that is about to be deleted."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.flows import expiry, verification
from accounts.models import User
from accounts.services import unused_accounts
from accounts.services.links.signed_links import SignedLink
from mail.models import Mail
from tests.client import Browser
from tests.races.concurrency import Elsewhere, at_once

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "new@example.test"


@pytest.fixture(autouse=True)
def _sign_up(db: None) -> None:
    Browser().sign_up(ADDRESS)


def test_tasks_at_once_send_it_once() -> None:
    now = timezone.now() + timedelta(days=24)

    assert sum(at_once(5, lambda _: expiry.warn(now=now))) == 1
    assert Mail.objects.filter(kind="sign_up_expiring").count() == 1


def test_nothing_is_sent_to_an_account_that_is_being_verified() -> None:
    user, now = User.objects.get(), timezone.now() + timedelta(days=24)
    link = SignedLink(user, "", now)

    with Elsewhere() as elsewhere, transaction.atomic():
        verification.verify(link)
        assert elsewhere.start(lambda: expiry.warn(now=now)).result(timeout=10) == 0

    assert expiry.warn(now=now) == 0
    assert not Mail.objects.filter(kind="sign_up_expiring").exists()


def test_account_that_is_being_warned_is_not_deleted() -> None:
    late = timezone.now() + timedelta(days=40)

    with Elsewhere() as elsewhere, transaction.atomic():
        assert expiry.warn(now=late) == 1
        assert elsewhere.start(lambda: unused_accounts.purge(now=late)).result(timeout=10) == 0

    assert unused_accounts.purge(now=late) == 0
    assert User.objects.exists()
