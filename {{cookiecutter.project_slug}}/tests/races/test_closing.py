"""Race conditions of closing an account."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.errors import LastAdmin, TokenNotValid
from accounts.flows import closing as flow
from accounts.models import Session, User
from accounts.services import closed_accounts
from tests.client import Browser
from tests.mailbox import link_to
from tests.people import make_user
from tests.races.concurrency import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)


def close(user: User) -> None:
    flow.close(user, now=timezone.now())


def test_login_that_waits_for_the_closing_is_refused(user: User) -> None:
    browser = Browser()

    answer = overtaken(lambda: browser.sign_in(user.email), by=lambda: close(user))

    assert answer.status_code == 401
    assert not Session.objects.exists()


def test_session_that_is_being_opened_ends_with_the_closing(user: User) -> None:
    overtaken(lambda: close(user), by=lambda: Browser().sign_in(user.email))

    assert not Session.objects.exists()


def test_logins_and_a_closing_at_once_leave_no_session(user: User) -> None:
    def act(number: int) -> int:
        if number == 0:
            close(user)
            return 202
        return int(Browser().sign_in(user.email).status_code)

    answers = at_once(8, act)

    assert set(answers[1:]) <= {200, 401}
    assert not Session.objects.exists()


def test_reset_that_waits_for_the_closing_is_refused(user: User) -> None:
    owner = Browser()
    owner.open_reset(user.email)

    answer = overtaken(owner.set_new, by=lambda: close(user))

    assert answer.status_code == 401
    assert not Session.objects.exists()


def test_closing_that_waits_for_a_reset_is_refused(user: User) -> None:
    def reset() -> None:
        User.objects.filter(pk=user.pk).update(password="another")

    def refused() -> bool:
        try:
            close(user)
        except TokenNotValid:
            return True
        return False

    assert overtaken(refused, by=reset)
    assert User.objects.get().is_active


def test_of_two_last_administrators_one_stays() -> None:
    admins = [make_user(role=User.Role.ADMIN) for _ in range(2)]

    def act(number: int) -> bool:
        try:
            close(admins[number])
        except LastAdmin:
            return False
        return True

    assert sorted(at_once(2, act)) == [False, True]
    assert User.objects.filter(is_active=True).count() == 1


def test_of_twenty_closings_one_succeeds(signed_in: Browser) -> None:
    answers = at_once(20, lambda _: signed_in.call("post", "user_close", {}).status_code)

    assert sorted(answers) == [202] + [401] * 19


def due(user: User) -> None:
    past = timezone.now() - timedelta(seconds=1)
    User.objects.filter(pk=user.pk).update(is_active=False, closes_at=past)


def test_account_that_is_being_reopened_is_not_deleted(user: User, settings: Any) -> None:
    close(user)
    user.refresh_from_db()
    with transaction.atomic():
        assert closed_accounts.reopen(user)
        [deleted] = at_once(
            1, lambda _: closed_accounts.delete_due(now=timezone.now() + timedelta(days=15))
        )

    assert deleted == 0
    assert User.objects.get().is_active


def test_two_tasks_delete_an_account_once(user: User) -> None:
    due(user)

    assert sum(at_once(5, lambda _: closed_accounts.delete_due(now=timezone.now()))) == 1
    assert not User.objects.exists()


def test_account_is_reopened_once(user: User) -> None:
    close(user)
    link = link_to(user.email)

    answers = at_once(10, lambda _: Browser().post(link).status_code)

    assert sorted(answers) == [200] + [400] * 9
