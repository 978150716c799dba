"""Refresh: a refresh token is rotated for a new pair of tokens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone

from accounts import tasks
from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import EndedSession, Session, User
from mail.models import Mail
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import refusal, signed_in_as, with_token
from tests.mailbox import emails_to
from tests.people import save

pytestmark = pytest.mark.django_db


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_refresh_rotates_the_token_and_keeps_the_session(signed_in: Browser) -> None:
    before = signed_in.refresh_token

    response = signed_in.refresh()

    assert (response.status_code, response.json().keys()) == (200, {"access"})
    assert response["Cache-Control"] == "no-store"
    assert signed_in.refresh_token != before
    assert claims_of(signed_in.refresh_token)["sid"] == claims_of(before)["sid"]
    assert Session.objects.count() == 1


def test_refresh_token_carries_no_claim_that_it_does_not_need(signed_in: Browser) -> None:
    claims = claims_of(signed_in.refresh_token)

    assert claims.keys() == {"sub", "sid", "jti", "iat", "exp", "token_type"}


def test_refused_refresh_leaves_the_cookie(signed_in: Browser) -> None:
    Session.objects.all().delete()

    assert not signed_in.refresh().cookies


# Replay


@pytest.mark.parametrize(
    ("leeway", "rotations", "seconds"),
    [(10, 1, 10), (10, 2, 0), (0, 1, 0), (0, 1, -3)],
    ids=["after the leeway", "two rotations ago", "no leeway", "no leeway, clock behind"],
)
def test_replay_ends_the_session_and_is_told_to_the_owner(
    leeway: int,
    rotations: int,
    seconds: int,
    signed_in: Browser,
    user: User,
    settings: Any,
    caplog: Any,
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = leeway
    stolen = [signed_in.rotate() for _ in range(rotations)][0]

    with later(seconds):
        response = with_token(stolen).refresh()

    assert refusal(response) == (401, "token_not_valid")
    assert not Session.objects.exists()
    assert signed_in.refresh().status_code == 401
    assert "refresh_replayed" in caplog.text
    assert stolen not in caplog.text
    mail = Mail.objects.get()
    assert (mail.kind, mail.recipient) == ("refresh_replayed", user.email)
    assert mail.parameters == {"ip": "127.0.0.1"}


def test_token_within_the_leeway_brings_the_same_successor(signed_in: Browser, caplog: Any) -> None:
    tab = with_token(signed_in.rotate())

    with later(5):
        assert tab.refresh().status_code == 200

    assert tab.refresh_token == signed_in.refresh_token
    assert Session.objects.count() == 1
    assert caplog.text.count("refresh_repeated") == 1


@pytest.mark.parametrize("client", [{"headers": {"User-Agent": "x"}}, {"REMOTE_ADDR": "192.0.2.7"}])
def test_another_client_gets_no_successor_within_the_leeway(
    client: dict[str, Any], signed_in: Browser, user: User, caplog: Any
) -> None:
    thief = with_token(signed_in.rotate(), **client)

    assert thief.refresh().status_code == 401

    assert not Session.objects.exists()
    assert "refresh_replayed" in caplog.text
    assert len(emails_to(user.email)) == 1


@pytest.mark.parametrize(
    ("first", "second"), [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::2")]
)
def test_client_on_the_same_network_gets_the_successor(first: str, second: str, user: User) -> None:
    browser = signed_in_as(user, REMOTE_ADDR=first)
    tab = with_token(browser.rotate(), REMOTE_ADDR=second)

    assert tab.refresh().status_code == 200
    assert tab.refresh_token == browser.refresh_token


def test_leeway_counts_from_the_rotation_and_is_not_renewed_by_its_use(signed_in: Browser) -> None:
    rotated = signed_in.rotate()

    for seconds, status in ((3, 200), (6, 200), (11, 401)):
        with later(seconds):
            assert with_token(rotated).refresh().status_code == status


def end_device(browser: Browser) -> None:
    browser.end_session(Session.objects.get().pk)


@pytest.mark.parametrize("end", [Browser.sign_out, Browser.sign_out_everywhere, end_device])
@pytest.mark.parametrize("rotations", [1, 2])
def test_thief_who_rotates_and_signs_out_is_noticed_when_the_owner_refreshes(
    end: Any, rotations: int, signed_in: Browser, user: User, caplog: Any
) -> None:
    thief = with_token(signed_in.refresh_token)
    for _ in range(rotations):
        thief.refresh()
    end(thief)

    with later(60):
        answers = [signed_in.refresh().status_code for _ in range(2)]

    assert answers == [401, 401]
    assert caplog.text.count("refresh_replayed") == 1
    assert len(emails_to(user.email)) == 1


def test_thief_who_signs_out_within_the_leeway_is_noticed_by_another_client(
    signed_in: Browser, user: User
) -> None:
    thief = with_token(signed_in.refresh_token, headers={"User-Agent": "curl/8"})
    thief.refresh()
    thief.sign_out()

    signed_in.refresh()

    assert len(emails_to(user.email)) == 1


def last_token_after_sign_out(browser: Browser, user: User) -> str:
    browser.refresh()
    last = browser.refresh_token
    browser.sign_out()
    return last


def token_of_a_tab_at_sign_out(browser: Browser, user: User) -> str:
    rotated = browser.rotate()
    browser.sign_out()
    return rotated


def token_of_a_closed_account(browser: Browser, user: User) -> str:
    rotated = browser.rotate()
    save(user, is_active=False)
    return rotated


@pytest.mark.parametrize(
    ("token_of", "seconds"),
    [
        (last_token_after_sign_out, 60),
        (token_of_a_tab_at_sign_out, 5),
        (token_of_a_closed_account, 60),
    ],
)
def test_token_that_no_thief_presents_causes_no_notice(
    token_of: Callable[[Browser, User], str], seconds: int, signed_in: Browser, user: User
) -> None:
    token = token_of(signed_in, user)

    with later(seconds):
        assert with_token(token).refresh().status_code == 401

    assert emails_to(user.email) == []


# Ended sessions


def test_ended_session_is_kept_until_its_token_has_expired(signed_in: Browser) -> None:
    signed_in.refresh()
    signed_in.sign_out()
    tasks.purge_sessions()
    assert EndedSession.objects.exists()

    with later(15 * 86_400):
        tasks.purge_sessions()
    assert not EndedSession.objects.exists()


def test_last_ended_sessions_are_kept(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.services.sessions.purge.MAX_ENDED", 2)
    for minute in range(4):
        with later(60 * minute):
            browser = signed_in_as(user)
            browser.refresh()
            browser.sign_out()

    tasks.purge_sessions()

    ended = EndedSession.objects.order_by("ended_at").values_list("ended_at", flat=True)
    assert len(ended) == 2
    assert ended[0] > timezone.now() + timedelta(seconds=90)


def test_session_that_never_rotated_leaves_nothing(signed_in: Browser) -> None:
    signed_in.sign_out()

    assert not EndedSession.objects.exists()


# Lifetimes


def test_refresh_token_lives_from_its_last_use(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME = 1_000
    signed_in.refresh()

    for seconds, status in ((900, 200), (1_800, 200), (2_900, 401)):
        with later(seconds):
            assert signed_in.refresh().status_code == status


def test_no_token_outlives_the_session_lifetime(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 1_000
    opened = Session.objects.get().created_at
    with later(900):
        response = signed_in.refresh()
        for token in (signed_in.access, signed_in.refresh_token):
            assert claims_of(token)["exp"] == int(opened.timestamp()) + 1_000
        assert response.cookies[REFRESH_COOKIE]["max-age"] <= 100
    with later(1_001):
        assert signed_in.refresh().status_code == 401


def test_session_lifetime_of_zero_is_none(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 0

    for days in range(10, 200, 10):
        with later(days * 86_400):
            assert signed_in.refresh().status_code == 200


# The account


@pytest.mark.parametrize("is_repeated", [False, True])
def test_each_refresh_reads_the_claims(is_repeated: bool, signed_in: Browser, user: User) -> None:
    if is_repeated:
        signed_in.refresh_token = signed_in.rotate()
    User.objects.filter(pk=user.pk).update(role=User.Role.STAFF, email_verified=False)

    signed_in.refresh()

    claims = claims_of(signed_in.access)
    assert (claims["role"], claims["email_verified"]) == ("STAFF", False)


@pytest.mark.parametrize("is_repeated", [False, True])
def test_closed_account_does_not_refresh(is_repeated: bool, signed_in: Browser, user: User) -> None:
    if is_repeated:
        signed_in.refresh_token = signed_in.rotate()
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert signed_in.refresh().status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://api.example.test", 200),
        ("https://app.example.test", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("https://app.example.test.evil.example", 403),
    ],
)
def test_cookie_is_taken_from_allowed_origins_only(
    origin: str | None, status: int, signed_in: Browser, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.test"]

    response = signed_in.refresh(headers={"Origin": origin} if origin else {})

    assert response.status_code == status
    assert status == 200 or response.json()["code"] == "origin_not_allowed"


def test_costs_one_query(signed_in: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as queries:
        assert signed_in.refresh().status_code == 200

    assert queries.captured_queries[0]["sql"].strip().startswith("UPDATE")
