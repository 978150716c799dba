"""A user creates, lists and deletes API tokens."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from api_tokens import scopes, tasks
from api_tokens.models import ApiToken
from api_tokens.secret import SHAPE
from api_tokens.tests.steps import HOUR, create, created, delete, program, token_for, use
from tests.authenticator import Held
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_as, signed_in_with_code
from tests.limits import Rates
from tests.mailbox import emails_to
from tests.people import make_user

pytestmark = pytest.mark.django_db


def listed(browser: Browser) -> list[dict[str, Any]]:
    return list(browser.call("get", "api_tokens").json())


# Creating one


def test_token_is_shown_once(signed_in: Browser) -> None:
    response = create(signed_in)

    made = response.json()
    assert response["Cache-Control"] == "no-store"
    assert re.fullmatch(f"shop_{SHAPE}", made.pop("token"))
    assert made.keys() == {"id", "name", "scopes", "created", "expires", "last_used"}
    assert listed(signed_in) == [made]


def test_token_begins_with_its_id_after_the_prefix(signed_in: Browser) -> None:
    made = created(signed_in)

    assert made["token"].startswith(f"shop_{made['id']}")


def test_token_expires_when_it_was_asked_to(signed_in: Browser) -> None:
    made = created(signed_in, expires_in=HOUR)

    life = datetime.fromisoformat(made["expires"]) - datetime.fromisoformat(made["created"])
    assert life == timedelta(hours=1)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", None, "required"),
        ("name", "", "blank"),
        ("name", "x" * 101, "max_length"),
        ("name", "https://evil.example.test", "invalid_name"),
        ("scopes", None, "required"),
        ("scopes", [], "empty"),
        ("scopes", ["orders:unknown"], "invalid_choice"),
        ("scopes", ["orders:write"], "invalid_choice"),
        ("scopes", "orders:read", "not_a_list"),
        ("expires_in", None, "required"),
        ("expires_in", 0, "min_value"),
        ("expires_in", 2 * HOUR, "max_value"),
        ("expires_in", "never", "invalid"),
    ],
)
def test_refused_field_is_named(
    field: str, value: Any, code: str, signed_in: Browser, settings: Any
) -> None:
    settings.API_TOKEN_MAX_LIFETIME = HOUR

    response = create(signed_in, **{field: value})

    assert (response.status_code, response.json()["codes"]) == (400, {field: [code]})
    assert not ApiToken.objects.exists()


def test_role_allows_the_scope() -> None:
    browser = signed_in_as(make_user(role=User.Role.STAFF))

    assert created(browser, scopes=["orders:write"] * 2)["scopes"] == ["orders:write"]


def test_without_a_registered_scope_there_is_no_token(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scopes, "_roles", {})

    assert create(signed_in).json()["codes"] == {"scopes": ["invalid_choice"]}


def test_sign_in_must_be_recent(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3_600
    signed_in.refresh()

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        response = create(signed_in)

    assert refusal(response) == (401, "reauthentication_required")


@pytest.fixture
def second_factor(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.mark.usefixtures("second_factor")
def test_session_that_has_shown_the_second_factor_is_enough(user: User, held: Held) -> None:
    assert create(signed_in_with_code(user, held)).status_code == 201


@pytest.mark.usefixtures("second_factor")
def test_second_factor_is_needed_where_there_is_one(signed_in: Browser, held: Held) -> None:
    assert refusal(create(signed_in)) == (401, "second_factor_required")
    assert refusal(create(signed_in, code=held.app.wrong_code())) == (400, "invalid_code")
    assert create(signed_in, code=held.app.code()).status_code == 201


def test_anonymous_request_is_refused(browser: Browser) -> None:
    for response in (create(browser), browser.call("get", "api_tokens"), delete(browser, "x")):
        assert refusal(response) == (401, "not_authenticated")


def test_account_has_so_many_tokens_and_no_more(signed_in: Browser, settings: Any) -> None:
    settings.API_TOKEN_MAX_PER_ACCOUNT = 2
    first = created(signed_in)
    created(signed_in)

    assert refusal(create(signed_in)) == (409, "too_many_tokens")
    delete(signed_in, first["id"])
    assert create(signed_in).status_code == 201


def test_expired_token_makes_room(signed_in: Browser, user: User, settings: Any) -> None:
    settings.API_TOKEN_MAX_PER_ACCOUNT = 1
    created(signed_in)

    with time_machine.travel(timezone.now() + timedelta(seconds=HOUR)):
        assert create(signed_in_as(user)).status_code == 201


def test_owner_gets_an_e_mail(signed_in: Browser, user: User) -> None:
    made = created(signed_in)

    [message] = emails_to(user.email)
    assert message.subject == "An API token has been created"
    assert 'the token "Nightly export" was created' in message.body
    assert "orders:read" in message.body
    assert "127.0.0.1" in message.body
    assert made["token"] not in message.body


@pytest.mark.parametrize(("language", "words"), [("de", "Token"), ("es", "token")])
def test_e_mail_is_translated(language: str, words: str, signed_in: Browser, user: User) -> None:
    User.objects.filter(pk=user.pk).update(language=language)

    created(signed_in)

    [message] = emails_to(user.email)
    assert words in message.subject
    assert "has been" not in message.subject


# The list


def test_list_has_the_user_s_own_the_latest_first(signed_in: Browser) -> None:
    created(signed_in_as(make_user()), name="Another's")
    created(signed_in, name="First")
    created(signed_in, name="Second")

    assert [token["name"] for token in listed(signed_in)] == ["Second", "First"]


def test_list_shows_the_last_use(signed_in: Browser) -> None:
    use(token_for(signed_in))

    [token] = listed(signed_in)
    assert token["last_used"].endswith(":00Z")


def test_expired_token_is_not_listed_and_is_purged(signed_in: Browser, user: User) -> None:
    created(signed_in)
    tasks.purge_tokens()
    assert ApiToken.objects.exists()

    with time_machine.travel(timezone.now() + timedelta(seconds=HOUR)):
        assert listed(signed_in_as(user)) == []
        tasks.purge_tokens()

    assert not ApiToken.objects.exists()


# Deleting one


def test_deleted_token_is_refused(signed_in: Browser) -> None:
    made = created(signed_in)

    assert delete(signed_in, made["id"]).status_code == 204

    assert refusal(use(made["token"])) == (401, "token_not_valid")
    assert refusal(delete(signed_in, made["id"])) == (404, "not_found")


def test_deletion_needs_no_recent_sign_in(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME = 3_600
    signed_in.refresh()
    made = created(signed_in)

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert delete(signed_in, made["id"]).status_code == 204


def test_token_of_another_account_is_not_found(signed_in: Browser) -> None:
    made = created(signed_in)

    assert refusal(delete(signed_in_as(make_user()), made["id"])) == (404, "not_found")
    assert use(made["token"]).status_code == 200


# What is recorded


def test_history_has_what_happened_to_tokens(signed_in: Browser, user: User) -> None:
    delete(signed_in, created(signed_in)["id"])
    created(signed_in)
    signed_in.sign_out_everywhere()
    signed_in.sign_in(user.email)

    details = [each["detail"] for each in signed_in.call("get", "user_history").json()["results"]]
    assert {
        "An API token was created.",
        "An API token was deleted.",
        "The API tokens were ended.",
    } <= set(details)


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ("api_token_created", {"token"}),
        ("api_token_deleted", {"token"}),
        ("api_tokens_revoked", {"count"}),
    ],
)
def test_event_of_the_security_log_names_the_account(
    event: str, facts: set[str], signed_in: Browser, user: User, caplog: Any
) -> None:
    delete(signed_in, created(signed_in)["id"])
    created(signed_in)
    signed_in.sign_out_everywhere()

    [found] = [each for each in caplog.records if each.message == event][-1:]
    assert found.account == str(user.pk)
    assert facts <= found.__dict__.keys()


def test_export_has_names_and_no_digest(signed_in: Browser) -> None:
    created(signed_in)
    stored = ApiToken.objects.get()

    response = signed_in.call("get", "user_export")

    [token] = response.json()["api_tokens"]
    assert token.keys() == {
        *("id", "name", "scopes", "created_at", "expires_at", "last_used_at"),
    }
    assert stored.digest not in response.content.decode()


# Limits


def test_requests_count_by_token(signed_in: Browser, rates: Rates) -> None:
    first, second = token_for(signed_in), token_for(signed_in)
    rates(api_token="2/min", user="1/min", anon="1/min")

    assert [use(first).status_code for _ in range(3)] == [200, 200, 429]
    assert use(second).status_code == 200
    assert signed_in.call("get", "orders").status_code == 200
    assert signed_in.call("get", "orders").status_code == 429


def test_limit_names_its_scope_and_the_time_to_wait(signed_in: Browser, rates: Rates) -> None:
    token = token_for(signed_in)
    rates(api_token="1/min")
    use(token)

    response = use(token)

    assert refusal(response) == (429, "throttled")
    assert response["RateLimit"].startswith('"api_token"')
    assert int(response["Retry-After"]) > 0


def test_token_that_is_not_valid_counts_as_an_anonymous_request(
    signed_in: Browser, rates: Rates
) -> None:
    token = token_for(signed_in)
    rates(anon="2/min", api_token="9/min")
    client = program("shop_junk")

    answers = [client.call("get", "orders").status_code for _ in range(3)]

    assert answers == [401, 401, 429]
    assert use(token).status_code == 200


def test_requests_without_the_scope_count_as_well(signed_in: Browser, rates: Rates) -> None:
    token = token_for(signed_in)
    rates(api_token="2/min")

    answers = [use(token, method).status_code for method in ("get", "post", "post", "get")]

    assert answers == [200, 403, 429, 429]


def test_new_tokens_of_an_account_are_limited(signed_in: Browser, rates: Rates) -> None:
    rates(api_token_account="1/hour")
    created(signed_in)

    assert refusal(create(signed_in)) == (429, "throttled")


def test_path_of_a_token_has_no_other_characters(signed_in: Browser) -> None:
    path = reverse("api_tokens")

    response = signed_in.delete(
        f"{path}a%00b/", headers={"Authorization": f"Bearer {signed_in.access}"}
    )

    assert response.status_code == 404
