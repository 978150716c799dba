"""Refresh: a refresh token is spent for a fresh pair."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone

from accounts import tasks
from accounts.api.cookies import REFRESH_COOKIE
from accounts.errors import TokenNotValid
from accounts.models import EndedSession, Session, User
from accounts.services.client import Client
from accounts.services.sessions import rotation, tokens
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to
from tests.people import make_user

pytestmark = pytest.mark.django_db


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_refresh_rotates_the_token_and_keeps_the_session(signed_in: Browser) -> None:
    before = signed_in.refresh_token

    response = signed_in.refresh()

    assert response.status_code == 200
    assert set(response.json()) == {"access"}
    assert response["Cache-Control"] == "no-store"
    assert signed_in.refresh_token != before
    assert claims_of(signed_in.refresh_token)["sid"] == claims_of(before)["sid"]
    assert Session.objects.count() == 1


def test_refresh_token_says_no_more_than_it_must(signed_in: Browser) -> None:
    assert claims_of(signed_in.refresh_token).keys() == {
        "sub",
        "sid",
        "jti",
        "iat",
        "exp",
        "token_type",
    }


def test_body_mode_rotates_in_the_body(browser: Browser, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    first = browser.sign_in(user.email).json()["refresh"]

    response = browser.call("post", "token_refresh", {"refresh": first})

    assert response.status_code == 200
    assert response.json()["refresh"] != first
    assert not response.cookies


def test_body_mode_ignores_the_cookie(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    assert signed_in.refresh().status_code == 401


def test_cookie_mode_ignores_the_body(signed_in: Browser) -> None:
    token = signed_in.refresh_token

    assert Browser().call("post", "token_refresh", {"refresh": token}).status_code == 401


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é", "x" * 5_000])
def test_missing_or_malformed_token_is_refused(token: str, browser: Browser) -> None:
    browser.refresh_token = token

    response = browser.refresh()

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("refresh", [7, ["x"], {"a": 1}])
def test_refresh_of_a_wrong_type_is_named(refresh: Any, browser: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False

    assert browser.call("post", "token_refresh", {"refresh": refresh}).status_code in {400, 401}


def test_access_token_is_no_refresh_token(signed_in: Browser) -> None:
    signed_in.refresh_token = signed_in.access

    assert signed_in.refresh().status_code == 401


def test_refused_refresh_leaves_the_cookie(signed_in: Browser) -> None:
    Session.objects.all().delete()

    assert not signed_in.refresh().cookies


def test_replay_after_the_leeway_ends_the_session(signed_in: Browser, caplog: Any) -> None:
    stolen = signed_in.refresh_token
    signed_in.refresh()
    thief = Browser()
    thief.refresh_token = stolen

    with later(10):
        response = thief.refresh()

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert not Session.objects.exists()
    assert signed_in.refresh().status_code == 401
    assert "refresh_replayed" in caplog.text
    assert stolen not in caplog.text


def test_token_from_two_rotations_ago_ends_the_session_within_the_leeway(
    signed_in: Browser,
) -> None:
    oldest = signed_in.refresh_token
    signed_in.refresh()
    signed_in.refresh()
    signed_in.refresh_token = oldest

    assert signed_in.refresh().status_code == 401
    assert not Session.objects.exists()


def test_just_spent_token_brings_the_same_successor_again(signed_in: Browser) -> None:
    spent = signed_in.refresh_token
    signed_in.refresh()
    other_tab = Browser()
    other_tab.refresh_token = spent

    with later(9.9):
        response = other_tab.refresh()

    assert response.status_code == 200
    assert other_tab.refresh_token == signed_in.refresh_token
    assert Session.objects.count() == 1


def test_other_client_gets_no_successor_within_the_leeway(signed_in: Browser, caplog: Any) -> None:
    rotated = signed_in.refresh_token
    signed_in.refresh()
    thief = Browser()
    thief.refresh_token = rotated

    assert thief.refresh(headers={"User-Agent": "curl/8"}).status_code == 401

    assert not Session.objects.exists()
    assert "refresh_replayed" in caplog.text


def test_client_on_another_network_gets_no_successor_within_the_leeway(
    signed_in: Browser, user: User
) -> None:
    rotated = signed_in.refresh_token
    signed_in.refresh()
    thief = Browser(REMOTE_ADDR="198.51.100.7")
    thief.refresh_token = rotated

    assert thief.refresh().status_code == 401

    assert not Session.objects.exists()
    assert len(letters_to(user.email)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::2")],
    ids=["the same address", "the same line"],
)
def test_client_on_the_same_network_gets_the_successor(first: str, second: str, user: User) -> None:
    browser, tab = Browser(REMOTE_ADDR=first), Browser(REMOTE_ADDR=second)
    browser.sign_in(user.email)
    tab.refresh_token = browser.refresh_token
    browser.refresh()

    assert tab.refresh().status_code == 200
    assert tab.refresh_token == browser.refresh_token


def test_repetition_is_an_event(signed_in: Browser, caplog: Any) -> None:
    rotated = signed_in.refresh_token
    signed_in.refresh()
    signed_in.refresh_token = rotated
    signed_in.refresh()

    assert caplog.text.count("refresh_repeated") == 1


def sign_out(browser: Browser) -> None:
    browser.call("post", "rest_logout", {})


def sign_out_everywhere(browser: Browser) -> None:
    browser.call("post", "rest_logout_all", {})


def end_device(browser: Browser) -> None:
    browser.call("delete", "session_detail", kwargs={"session_id": Session.objects.get().pk})


@pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, end_device])
@pytest.mark.parametrize("rotations", [1, 2])
def test_thief_who_rotates_and_signs_out_is_noticed_when_the_owner_comes(
    end: Any, rotations: int, signed_in: Browser, user: User, caplog: Any
) -> None:
    thief = Browser()
    thief.refresh_token = signed_in.refresh_token
    for _ in range(rotations):
        thief.refresh()
    end(thief)

    with later(60):
        answers = [signed_in.refresh() for _ in range(2)]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert caplog.text.count("refresh_replayed") == 1
    assert len(letters_to(user.email)) == 1


def test_thief_who_signs_out_within_the_leeway_is_noticed_by_another_client(
    signed_in: Browser, user: User
) -> None:
    thief = Browser(headers={"User-Agent": "curl/8"})
    thief.refresh_token = signed_in.refresh_token
    thief.refresh()
    sign_out(thief)

    signed_in.refresh()

    assert len(letters_to(user.email)) == 1


def test_last_token_of_a_session_that_its_owner_ended_is_no_replay(
    signed_in: Browser, user: User, caplog: Any
) -> None:
    signed_in.refresh()
    last = signed_in.refresh_token
    sign_out(signed_in)
    signed_in.refresh_token = last

    with later(60):
        assert signed_in.refresh().status_code == 401

    assert "refresh_replayed" not in caplog.text
    assert letters_to(user.email) == []


def test_second_tab_that_refreshes_while_the_first_signs_out_is_no_replay(
    signed_in: Browser, user: User
) -> None:
    tab = Browser()
    tab.refresh_token = signed_in.refresh_token
    signed_in.refresh()
    sign_out(signed_in)

    with later(5):
        assert tab.refresh().status_code == 401

    assert letters_to(user.email) == []


def test_owner_of_a_closed_account_is_told_of_no_replay(signed_in: Browser, user: User) -> None:
    rotated = signed_in.refresh_token
    signed_in.refresh()
    user.is_active = False
    user.save()
    signed_in.refresh_token = rotated

    with later(60):
        assert signed_in.refresh().status_code == 401

    assert letters_to(user.email) == []


def test_ended_session_is_kept_until_its_token_has_expired(signed_in: Browser) -> None:
    signed_in.refresh()
    sign_out(signed_in)
    tasks.purge_sessions()
    assert EndedSession.objects.exists()

    with later(15 * 86_400):
        tasks.purge_sessions()
    assert not EndedSession.objects.exists()


def test_of_an_account_the_last_ended_sessions_are_kept(
    sign_in: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.services.sessions.purge.MAX_ENDED", 2)
    for minute in range(4):
        with later(60 * minute):
            browser = sign_in()
            browser.refresh()
            sign_out(browser)

    tasks.purge_sessions()

    ended = EndedSession.objects.order_by("ended_at").values_list("ended_at", flat=True)
    assert len(ended) == 2
    assert ended[0] > timezone.now() + timedelta(seconds=90)


def test_session_that_never_rotated_leaves_nothing(signed_in: Browser) -> None:
    sign_out(signed_in)

    assert not EndedSession.objects.exists()


def test_leeway_of_nothing_is_off(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    spent = signed_in.refresh_token
    signed_in.refresh()
    signed_in.refresh_token = spent

    assert signed_in.refresh().status_code == 401
    assert not Session.objects.exists()


def test_leeway_counts_from_the_rotation_and_is_not_renewed_by_using_it(
    signed_in: Browser,
) -> None:
    spent = signed_in.refresh_token
    signed_in.refresh()
    thief = Browser()
    for seconds in (6, 9):
        with later(seconds):
            thief.refresh_token = spent
            assert thief.refresh().status_code == 200
    with later(11):
        thief.refresh_token = spent
        assert thief.refresh().status_code == 401


def test_thief_within_the_leeway_still_collides_with_the_owner(signed_in: Browser) -> None:
    spent = signed_in.refresh_token
    signed_in.refresh()
    thief = Browser()
    thief.refresh_token = spent
    thief.refresh()
    with later(20):
        assert thief.refresh().status_code == 200
    with later(40):
        assert signed_in.refresh().status_code == 401
    assert not Session.objects.exists()


def test_refresh_token_lives_from_its_last_use(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME = 1_000
    signed_in.refresh()
    with later(900):
        assert signed_in.refresh().status_code == 200
    with later(1_800):
        assert signed_in.refresh().status_code == 200
    with later(2_900):
        assert signed_in.refresh().status_code == 401


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


def test_session_lifetime_of_nothing_is_none(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_SESSION_LIFETIME = 0
    for days in range(10, 200, 10):
        with later(days * 86_400):
            assert signed_in.refresh().status_code == 200


def test_claims_are_read_again_at_each_rotation(signed_in: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(role=User.Role.STAFF, email_verified=False)

    signed_in.refresh()

    claims = claims_of(signed_in.access)
    assert (claims["role"], claims["email_verified"]) == ("STAFF", False)


def test_claims_are_read_again_within_the_leeway(signed_in: Browser, user: User) -> None:
    spent = signed_in.refresh_token
    signed_in.refresh()
    User.objects.filter(pk=user.pk).update(role=User.Role.STAFF)
    signed_in.refresh_token = spent

    signed_in.refresh()

    assert claims_of(signed_in.access)["role"] == "STAFF"


@pytest.mark.parametrize("spent", [False, True])
def test_inactive_account_does_not_refresh(signed_in: Browser, user: User, spent: bool) -> None:
    token = signed_in.refresh_token
    signed_in.refresh()
    if spent:
        signed_in.refresh_token = token
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert signed_in.refresh().status_code == 401


def test_another_persons_session_is_not_refreshed(signed_in: Browser) -> None:
    foreign = tokens.read_refresh(signed_in.refresh_token)
    foreign["sub"] = str(make_user().pk)
    del foreign.user_id

    with pytest.raises(TokenNotValid):
        rotation.rotate(token=foreign, client=Client(None, ""), now=timezone.now())
    assert signed_in.refresh().status_code == 200


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
    if status == 403:
        assert response.json()["code"] == "origin_not_allowed"


def test_body_mode_asks_for_no_origin(browser: Browser, user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = False
    token = browser.sign_in(user.email).json()["refresh"]

    response = browser.call(
        "post", "token_refresh", {"refresh": token}, headers={"Origin": "https://evil.example"}
    )

    assert response.status_code == 200


def test_form_of_another_site_is_not_parsed(signed_in: Browser) -> None:
    response = signed_in.post(
        "/api/auth/refresh/", data="a=b", content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 415


def test_costs_one_query(signed_in: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as queries:
        assert signed_in.refresh().status_code == 200

    assert queries.captured_queries[0]["sql"].strip().startswith("UPDATE")
