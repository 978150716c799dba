"""Concurrent requests about one token, against a real database."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from api_tokens.models import ApiToken
from api_tokens.tests.steps import create, created, delete, use
from tests.client import Browser
from tests.flows.steps import refusal
from tests.races.concurrency import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)


def close(browser: Browser) -> None:
    assert browser.call("post", "user_close", {}).status_code == 202


def log_out_everywhere(browser: Browser) -> None:
    assert browser.sign_out_everywhere().status_code == 200


def change_password(browser: Browser) -> None:
    assert browser.change_password().status_code == 200


ENDINGS = [close, log_out_everywhere, change_password]


def copy_of(browser: Browser) -> Browser:
    copy = Browser()
    copy.access = browser.access
    return copy


def test_token_that_is_being_deleted_is_refused(signed_in: Browser) -> None:
    made = created(signed_in)

    response = overtaken(lambda: use(made["token"]), by=lambda: delete(signed_in, made["id"]))

    assert refusal(response) == (401, "token_not_valid")


def test_requests_of_one_minute_are_all_answered(signed_in: Browser) -> None:
    made = created(signed_in)

    answers = at_once(4, lambda _: use(made["token"]))

    assert [answer.status_code for answer in answers] == [200] * 4
    assert ApiToken.objects.get().last_used_at


@pytest.mark.parametrize("end", ENDINGS)
def test_token_that_is_asked_for_while_everything_ends_is_not_created(
    end: Callable[[Browser], None], signed_in: Browser
) -> None:
    copy = copy_of(signed_in)

    response = overtaken(lambda: create(copy), by=lambda: end(signed_in))

    assert refusal(response) == (401, "token_not_valid")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("end", ENDINGS)
def test_token_that_is_just_created_ends_with_everything(
    end: Callable[[Browser], None], signed_in: Browser
) -> None:
    copy, made = copy_of(signed_in), []

    overtaken(lambda: end(copy), by=lambda: made.append(created(signed_in)["token"]))

    assert refusal(use(made[0])) == (401, "token_not_valid")
    assert not ApiToken.objects.exists()


def test_of_requests_at_once_as_many_succeed_as_there_is_room(
    signed_in: Browser, settings: Any
) -> None:
    settings.API_TOKEN_MAX_PER_ACCOUNT = 2

    answers = at_once(5, lambda _: create(copy_of(signed_in)))

    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409, 409]
    assert ApiToken.objects.count() == 2


def test_account_that_is_deleted_meanwhile_gets_no_token(signed_in: Browser, user: User) -> None:
    copy = copy_of(signed_in)

    response = overtaken(lambda: create(copy), by=user.delete)

    assert refusal(response) == (401, "token_not_valid")
