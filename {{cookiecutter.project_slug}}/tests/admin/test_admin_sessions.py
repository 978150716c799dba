"""Django admin's sessions: no value of their table signs in."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import tasks
from accounts.models import User
from core.admin_sessions import SessionStore
from tests.admin.steps import act, is_in, log_in
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import signed_in_as
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, PASSWORD, make_user, save

pytestmark = pytest.mark.django_db

OTHER = "other@example.test"
LIFETIME = timedelta(hours=12).total_seconds()


@pytest.fixture
def browser(admin: User) -> Client:
    browser = Client()
    log_in(browser, admin.email)
    return browser


def key_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def with_key(key: str) -> Client:
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    return browser


def test_key_in_the_cookie_signs_in_and_the_one_in_the_table_does_not(browser: Client) -> None:
    stored = Session.objects.get().session_key

    assert is_in(browser)
    assert is_in(with_key(key_of(browser)))
    assert stored != key_of(browser)
    assert not is_in(with_key(stored))


def test_sign_out_ends_the_session(browser: Client) -> None:
    key = key_of(browser)

    browser.post(reverse("admin:logout"))

    assert not is_in(with_key(key))
    assert not Session.objects.exists()


def test_sign_in_changes_the_key_and_leaves_one_session(browser: Client, admin: User) -> None:
    before = key_of(browser)

    log_in(browser, admin.email)

    assert key_of(browser) != before
    assert not is_in(with_key(before))
    assert Session.objects.count() == 1


def test_key_that_a_stranger_chose_becomes_no_session(admin: User) -> None:
    chosen = "a" * 32
    browser = with_key(chosen)

    log_in(browser, admin.email)

    assert is_in(browser)
    assert key_of(browser) != chosen


def test_asynchronous_view_reads_and_stores_the_same_sessions(db: None) -> None:
    stored = SessionStore()

    async def store_and_read() -> Any:
        await stored.aset("answer", 42)
        await stored.asave()
        return await SessionStore(stored.session_key).aget("answer")

    assert async_to_sync(store_and_read)() == 42
    assert async_to_sync(stored.aexists)(stored.session_key or "")
    assert SessionStore(stored.session_key)["answer"] == 42
    assert Session.objects.get().session_key != stored.session_key
    async_to_sync(stored.adelete)()
    assert not Session.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 500, "é", "nonsense"])
def test_key_that_is_nonsense_is_no_session(key: str, db: None) -> None:
    assert not is_in(with_key(key))


@pytest.mark.parametrize(
    ("whose", "ends"),
    [(["--all"], True), (["--user", "root@example.test"], True), (["--user", OTHER], False)],
    ids=["all", "its account", "another account"],
)
def test_end_sessions_command_ends_it(whose: list[str], ends: bool, browser: Client) -> None:
    make_user(email=OTHER)

    call_command("end_sessions", *whose, stdout=StringIO())

    assert is_in(browser) is not ends


def test_session_ends_after_twelve_hours_and_is_purged(browser: Client) -> None:
    with later(LIFETIME - 60):
        assert is_in(browser)
        tasks.purge_admin_sessions()
        assert Session.objects.exists()
    with later(LIFETIME + 60):
        assert not is_in(browser)
        tasks.purge_admin_sessions()
        assert not Session.objects.exists()


def close_and_reopen(staff: User, admin: User) -> None:
    signed_in_as(staff).call("post", "user_close", {})
    Browser().post(link_to(staff.email))


def close_and_reopen_in_the_admin(staff: User, admin: User) -> None:
    act(admin, "close_accounts", staff)
    act(admin, "reopen_accounts", staff)


def deactivate_and_activate(staff: User, admin: User) -> None:
    save(staff, is_active=False)
    save(staff, is_active=True)


def take_the_role_and_give_another(staff: User, admin: User) -> None:
    save(staff, role=User.Role.USER)
    save(staff, role=User.Role.ADMIN)


def sign_out_everywhere(staff: User, admin: User) -> None:
    signed_in_as(staff).sign_out_everywhere()


def move_to_another_address(staff: User, admin: User) -> None:
    signed_in_as(staff).change_profile(email="new@example.test")
    Client().get(link_to("new@example.test"))


def change_password(staff: User, admin: User) -> None:
    signed_in_as(staff).change_password()


REVOCATIONS: list[Callable[[User, User], None]] = [
    close_and_reopen,
    close_and_reopen_in_the_admin,
    deactivate_and_activate,
    take_the_role_and_give_another,
    sign_out_everywhere,
    move_to_another_address,
    change_password,
]


@pytest.mark.parametrize("revoke", REVOCATIONS)
def test_what_ends_every_session_ends_it_for_good(
    revoke: Callable[[User, User], None], browser: Client, admin: User
) -> None:
    staff, thief = make_user(role=User.Role.STAFF), Client()
    log_in(thief, staff.email)
    assert is_in(thief)

    revoke(staff, admin)

    staff.refresh_from_db()
    assert staff.is_active
    assert staff.is_staff
    assert not is_in(thief)
    assert is_in(browser), "that of another account"


def change_own_password(browser: Client) -> Any:
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return browser.post(reverse("admin:password_change"), {"old_password": PASSWORD, **new})


def test_new_password_ends_the_others_and_not_the_one_that_set_it(
    browser: Client, admin: User
) -> None:
    other, key = Client(), key_of(browser)
    log_in(other, admin.email)

    response = change_own_password(browser)

    assert response["Location"] == reverse("admin:password_change_done")
    assert is_in(browser)
    assert not is_in(with_key(key))
    assert not is_in(other)


def test_saving_another_field_of_the_own_account_ends_nothing(browser: Client, admin: User) -> None:
    page = reverse("admin:accounts_user_change", args=[admin.pk])
    form = browser.get(page).context["adminform"].form

    response = browser.post(page, {**form.initial, "closes_at": "", "last_name": "Hopper"})

    admin.refresh_from_db()
    assert (response.status_code, admin.last_name) == (302, "Hopper")
    assert is_in(browser)
