"""Devices: users see where they are signed in, and end sessions that they do not recognise."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_as
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

DAY = 86_400


def listed(browser: Browser) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = browser.call("get", "session_list").json()
    return rows


def test_each_device_is_listed_the_one_used_last_first(signed_in: Browser, user: User) -> None:
    signed_in_as(user)
    with later(60):
        signed_in.refresh()
        rows = listed(signed_in)

    assert [row["current"] for row in rows] == [True, False]
    fields = {"id", "created", "last_used", "expires", "ip", "user_agent", "current"}
    assert rows[0].keys() == fields


def test_times_are_rounded_to_the_minute_and_so_is_their_order(user: User) -> None:
    minute = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    with time_machine.travel(minute, tick=False) as clock:
        before, newer = signed_in_as(user), signed_in_as(user)
        first = listed(newer)
        clock.shift(30)
        before.refresh()
        second = listed(newer)

    assert all(row[name].endswith(":00Z") for row in first for name in ("last_used", "expires"))
    assert first == second


def test_list_holds_as_many_as_there_may_be(signed_in: Browser, user: User, settings: Any) -> None:
    now = timezone.now()
    times = {"created_at": now, "rotated_at": now, "expires_at": now + timedelta(days=1)}
    Session.objects.bulk_create(
        Session(user=user, refresh_jti=uuid.uuid4(), **times)
        for _ in range(settings.JWT_ALLAUTH_MAX_SESSIONS - 1)
    )

    with statements(2):
        assert len(listed(signed_in)) == settings.JWT_ALLAUTH_MAX_SESSIONS


def test_one_session_too_many_ends_the_one_used_longest_ago(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    with later(60):
        idle = signed_in_as(user)
    with later(120):
        signed_in.refresh()
    with later(180):
        newest = signed_in_as(user)

        statuses = [browser.refresh().status_code for browser in (idle, signed_in, newest)]

    assert statuses == [401, 200, 200]


def test_list_is_cut_where_an_account_has_more_than_it_may(user: User, settings: Any) -> None:
    browsers = [signed_in_as(user) for _ in range(4)]
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2

    assert len(listed(browsers[0])) == 2


def test_expired_session_does_not_count(signed_in: Browser, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    with later(13 * DAY):
        kept = signed_in_as(user)
    with later(15 * DAY):
        signed_in_as(user)
        assert kept.refresh().status_code == 200


def test_sessions_of_other_users_do_not_count(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 1
    signed_in_as(make_user())

    assert signed_in.refresh().status_code == 200


def test_only_live_sessions_of_the_user_are_listed(signed_in: Browser, user: User) -> None:
    signed_in_as(user)
    signed_in_as(make_user())
    for days in (13, 15):
        with later(days * DAY):
            signed_in.refresh()
            rows = listed(signed_in)

    assert [row["current"] for row in rows] == [True]


def test_ending_another_device_signs_it_out(signed_in: Browser, user: User) -> None:
    other = signed_in_as(user)
    other_id = next(row["id"] for row in listed(signed_in) if not row["current"])

    response = signed_in.end_session(other_id)

    assert response.status_code == 204
    assert not response.cookies
    assert other.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200


def test_ending_the_current_device_clears_its_cookie(signed_in: Browser) -> None:
    response = signed_in.end_session(listed(signed_in)[0]["id"])

    assert response.status_code == 204
    assert response.cookies[REFRESH_COOKIE]["max-age"] == 0
    assert not Session.objects.exists()


def test_unknown_session_and_that_of_another_user_are_not_found(signed_in: Browser) -> None:
    other = signed_in_as(make_user())

    for session_id in (listed(other)[0]["id"], uuid.uuid4()):
        assert refusal(signed_in.end_session(session_id)) == (404, "not_found")

    assert other.refresh().status_code == 200


def test_ending_one_costs_three_queries(signed_in: Browser) -> None:
    session = Session.objects.get()

    with statements(3):
        signed_in.end_session(session.pk)


def test_signing_in_again_in_a_browser_ends_its_own_session_and_no_other(
    signed_in: Browser, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    other = Browser()
    with later(60):
        other.sign_in(user.email)
    with later(120):
        other.sign_in(user.email)

        assert signed_in.refresh().status_code == 200
        assert other.refresh().status_code == 200


def test_session_opened_by_a_server_whose_clock_is_behind_is_not_ended(
    user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 1
    with later(5):
        Browser().sign_in(user.email)
    browser = Browser()
    browser.sign_in(user.email)

    assert browser.refresh().status_code == 200
