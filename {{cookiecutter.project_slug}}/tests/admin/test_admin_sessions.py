"""Django admin's sessions: no value of their table signs in."""

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
from tests.admin.steps import is_in, log_in
from tests.clock import later
from tests.people import make_user

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
