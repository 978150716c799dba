"""A program calls an owner's view with a token."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from api_tokens.models import ApiToken
from api_tokens.secret import Secret
from api_tokens.tests.steps import HOUR, program, token_for, use
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_as
from tests.people import make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(signed_in: Browser) -> str:
    return token_for(signed_in)


def test_request_has_the_user_and_the_row_of_the_token(token: str, user: User) -> None:
    assert use(token).json() == {"user": str(user.pk), "token": "Nightly export"}


def test_request_costs_one_statement_and_once_a_minute_a_second(token: str) -> None:
    start = timezone.now().replace(second=1)
    with time_machine.travel(start, tick=False) as clock:
        for expected in (2, 1, 1):
            with statements(expected):
                assert use(token).status_code == 200
            clock.shift(20)
        clock.shift(20)
        with statements(2):
            use(token)


def test_last_use_is_stored_to_the_minute(token: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        use(token)
        minute = timezone.now().replace(second=0, microsecond=0)

    assert ApiToken.objects.get().last_used_at == minute


@pytest.mark.parametrize("name", ["orders", "customers"])
def test_access_token_costs_no_statement(name: str, signed_in: Browser) -> None:
    with statements(0):
        assert signed_in.call("get", name).status_code == 200


def test_scopes_do_not_limit_people(signed_in: Browser) -> None:
    assert signed_in.call("post", "orders", {}).status_code == 201


def test_scheme_is_case_insensitive(token: str) -> None:
    headers = {"Authorization": f"bearer  {token}"}

    assert Browser().call("get", "orders", headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["post", "delete"])
def test_method_without_the_scope_is_refused(method: str, token: str) -> None:
    response = use(token, method)

    expected = {"post": "insufficient_scope", "delete": "token_not_allowed"}[method]
    assert refusal(response) == (403, expected)


def test_head_needs_the_scope_of_get(token: str) -> None:
    assert program(token).head("/api/orders/", headers=bearer(token)).status_code == 200


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_refusal_names_the_scope(token: str) -> None:
    response = use(token, "post")

    assert response["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="orders:write"'


def test_view_that_says_nothing_takes_no_token(token: str) -> None:
    with statements(0):
        response = use(token, name="customers")

    assert refusal(response) == (403, "token_not_allowed")
    assert response["Cache-Control"] == "no-store"


def test_action_has_scopes_of_its_own(token: str) -> None:
    assert use(token, name="reports-latest").status_code == 200
    assert refusal(use(token, name="reports-list")) == (403, "token_not_allowed")


def test_route_replaces_the_scopes_of_its_view(token: str) -> None:
    with statements(0):
        response = use(token, name="orders-for-people")

    assert refusal(response) == (403, "token_not_allowed")


# What ends the use of a token


def refused(token: str) -> bool:
    response = use(token)
    assert response.status_code == 200 or (
        refusal(response) == (401, "token_not_valid") and response["WWW-Authenticate"] == "Bearer"
    )
    return bool(response.status_code != 200)


def test_expired_token_is_refused(token: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=HOUR)):
        assert refused(token)


@pytest.mark.parametrize("change", [{"is_active": False}, {"email_verified": False}], ids=str)
def test_token_of_an_account_that_may_not_sign_in_is_refused(
    change: dict[str, Any], token: str, user: User
) -> None:
    User.objects.filter(pk=user.pk).update(**change)

    assert refused(token)


def test_unverified_address_is_no_matter_where_sign_in_does_not_ask(
    token: str, user: User, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    User.objects.filter(pk=user.pk).update(email_verified=False)

    assert not refused(token)


def test_lowered_role_takes_its_scopes_from_the_token() -> None:
    staff = make_user(role=User.Role.STAFF)
    token = token_for(signed_in_as(staff), scopes=["orders:read", "orders:write"])
    assert use(token, "post").status_code == 201

    User.objects.filter(pk=staff.pk).update(role=User.Role.USER)

    assert refusal(use(token, "post")) == (403, "insufficient_scope")
    assert use(token).status_code == 200


def test_scope_that_is_registered_no_more_is_refused(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api_tokens.scopes._roles", {})

    assert refusal(use(token)) == (403, "insufficient_scope")


def test_token_outlives_a_change_of_the_secret_key_while_the_old_one_is_a_fallback(
    token: str, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-of-the-tests-that-signs-nothing-else"
    assert not refused(token)

    settings.SECRET_KEY_FALLBACKS = []
    assert refused(token)


# Forged tokens


def change_character(text: str, position: int) -> str:
    other = "a" if text[position] != "a" else "b"
    return text[:position] + other + text[position + 1 :]


@pytest.mark.parametrize("position", [5, 20, -1])
def test_mistyped_token_is_refused_without_a_query(position: int, token: str) -> None:
    with statements(0):
        assert refused(change_character(token, position))


@pytest.mark.parametrize("junk", ["", "é", "a" * 60, "a" * 5_000, "a b", "\x00"], ids=ascii)
def test_junk_is_refused_without_a_query(junk: str) -> None:
    with statements(0):
        assert refused(f"shop_{junk}")


def test_right_id_with_another_secret_is_refused(token: str) -> None:
    known = Secret.read(token)
    assert known

    assert refused(Secret(known.id, "a" * len(known.secret)).write())
    assert ApiToken.objects.get().last_used_at is None


def test_table_has_no_token(token: str) -> None:
    [row] = ApiToken.objects.values_list()

    secret = Secret.read(token)
    assert secret
    assert secret.secret not in str(row)
    assert refused(f"shop_{secret.id}{row[3]}")


def test_log_has_no_token(token: str, caplog: Any, signed_in: Browser) -> None:
    use(token)
    use(change_character(token, 20))

    secret = Secret.read(token)
    assert secret
    assert secret.secret not in caplog.text


def test_no_statement_has_the_secret(token: str) -> None:
    from django.db import connection

    secret = Secret.read(token)
    assert secret
    with CaptureQueriesContext(connection) as captured:
        use(token)

    assert secret.secret not in str(captured.captured_queries)
