"""Devices: a person sees where they are signed in, and ends what they do not know."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import Session, User
from tests.client import Browser
from tests.clock import later
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db


def listed(browser: Browser) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = browser.call("get", "session_list").json()
    return rows


def end(browser: Browser, session_id: Any) -> Any:
    return browser.call("delete", "session_detail", kwargs={"session_id": session_id})


def test_each_device_is_listed_the_one_used_last_first(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    sign_in()
    with later(60):
        signed_in.refresh()
        rows = listed(signed_in)

    assert [row["current"] for row in rows] == [True, False]
    assert rows[0].keys() == {
        "id",
        "created",
        "last_used",
        "expires",
        "ip",
        "user_agent",
        "current",
    }


def test_times_are_rounded_to_the_minute_and_so_is_their_order(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    with later(60 - timezone.now().second):
        before = sign_in()
        newer = sign_in()
        first = listed(newer)
    with later(60 - timezone.now().second + 30):
        before.refresh()
        second = listed(newer)

    assert all(row[name].endswith(":00Z") for row in first for name in ("last_used", "expires"))
    assert first == second


def test_list_of_as_many_as_there_may_be_is_whole(signed_in: Browser, settings: Any) -> None:
    user, now = User.objects.get(), timezone.now()
    Session.objects.bulk_create(
        Session(
            user=user,
            refresh_jti=uuid.uuid4(),
            created_at=now,
            rotated_at=now,
            expires_at=now + timedelta(days=1),
        )
        for _ in range(settings.JWT_ALLAUTH_MAX_SESSIONS - 1)
    )

    with statements(2):
        assert len(listed(signed_in)) == settings.JWT_ALLAUTH_MAX_SESSIONS


def test_one_session_too_many_ends_the_one_used_longest_ago(
    signed_in: Browser, sign_in: Callable[[], Browser], settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    with later(60):
        idle = sign_in()
    with later(120):
        signed_in.refresh()
    with later(180):
        newest = sign_in()

        assert idle.refresh().status_code == 401
        assert signed_in.refresh().status_code == 200
        assert newest.refresh().status_code == 200


def test_list_is_cut_where_an_account_has_more_than_it_may(
    signed_in: Browser, sign_in: Callable[[], Browser], settings: Any
) -> None:
    for _ in range(3):
        sign_in()
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2

    assert len(listed(signed_in)) == 2


def test_expired_session_does_not_count(
    signed_in: Browser, sign_in: Callable[[], Browser], settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2
    with later(13 * 86_400):
        kept = sign_in()
    with later(15 * 86_400):
        sign_in()
        assert kept.refresh().status_code == 200


def test_sessions_of_others_do_not_count(
    signed_in: Browser, sign_in: Callable[[], Browser], settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 1
    Browser().sign_in(make_user().email)

    assert signed_in.refresh().status_code == 200


@pytest.mark.parametrize(
    "name", ["session_list", "rest_user_details", "jwt_allauth_mfa_authenticators"]
)
def test_what_is_known_of_a_person_is_not_stored_on_the_way(
    name: str, signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    assert signed_in.call("get", name)["Cache-Control"] == "no-store"


def test_refreshing_makes_no_second_device(signed_in: Browser) -> None:
    signed_in.refresh()

    assert len(listed(signed_in)) == 1


def test_expired_sessions_and_those_of_others_are_not_listed(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    sign_in()
    Browser().sign_in(make_user().email)
    with later(13 * 86_400):
        signed_in.refresh()
    with later(15 * 86_400):
        signed_in.refresh()
        assert len(listed(signed_in)) == 1


def test_ending_another_device_signs_it_out(
    signed_in: Browser, sign_in: Callable[[], Browser]
) -> None:
    other = sign_in()
    other_id = next(row["id"] for row in listed(signed_in) if not row["current"])

    response = end(signed_in, other_id)

    assert response.status_code == 204
    assert not response.cookies
    assert other.refresh().status_code == 401
    assert signed_in.refresh().status_code == 200


def test_ending_the_current_device_clears_its_cookie(signed_in: Browser) -> None:
    response = end(signed_in, listed(signed_in)[0]["id"])

    assert response.status_code == 204
    assert response.cookies[REFRESH_COOKIE]["max-age"] == 0
    assert not Session.objects.exists()


def test_somebody_elses_session_is_not_found(signed_in: Browser) -> None:
    somebody = Browser()
    somebody.sign_in(make_user().email)
    foreign = listed(somebody)[0]["id"]

    response = end(signed_in, foreign)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert somebody.refresh().status_code == 200


def test_unknown_session_is_not_found(signed_in: Browser) -> None:
    assert end(signed_in, uuid.uuid4()).status_code == 404


def test_ended_session_neither_lists_nor_ends(signed_in: Browser) -> None:
    session = Session.objects.get()
    Session.objects.all().delete()

    assert signed_in.call("get", "session_list").status_code == 401
    assert end(signed_in, session.pk).status_code == 401


def test_list_costs_two_queries(signed_in: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        listed(signed_in)


def test_ending_one_costs_two_queries(signed_in: Browser, django_assert_num_queries: Any) -> None:
    session = Session.objects.get()
    with django_assert_num_queries(2):
        end(signed_in, session.pk)
