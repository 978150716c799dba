"""What ends the tokens of an account, as ``docs/api-tokens.md`` has it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from api_tokens.models import ApiToken
from api_tokens.tests.steps import token_for, use
from tests.client import Browser
from tests.flows.steps import refusal
from tests.flows.test_account_life import ENDS, SESSIONS, Life
from tests.flows.test_account_life import life as life
from tests.mailbox import link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ENDS)
def test_tokens_end_where_every_session_ends(name: str, life: Life, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    token = token_for(life.browser)
    act, ended = ENDS[name]

    act(life)

    assert ApiToken.objects.exists() is not (ended >= SESSIONS)
    assert use(token).status_code == (401 if ended >= SESSIONS else 200)


def test_password_change_that_keeps_the_sessions_keeps_the_tokens(
    signed_in: Browser, settings: Any
) -> None:
    settings.LOGOUT_ON_PASSWORD_CHANGE = False
    token = token_for(signed_in)

    signed_in.change_password()

    assert use(token).status_code == 200


def test_account_that_is_kept_after_its_closing_has_no_tokens(
    signed_in: Browser, user: User
) -> None:
    token = token_for(signed_in)
    signed_in.call("post", "user_close", {})

    Client().post(link_to(user.email))

    user.refresh_from_db()
    assert user.is_active
    assert refusal(use(token)) == (401, "token_not_valid")


def test_command_that_ends_the_sessions_of_a_user_ends_the_tokens(
    signed_in: Browser, user: User
) -> None:
    token = token_for(signed_in)

    call_command("end_sessions", "--user", user.email, stdout=StringIO())

    assert use(token).status_code == 401


def test_token_that_a_restore_brings_back_is_ended_by_the_command(
    signed_in: Browser, capsys: Any
) -> None:
    token = token_for(signed_in)
    backup = ApiToken.objects.get()
    signed_in.sign_out_everywhere()
    backup.save(force_insert=True)
    call_command("end_sessions", "--all", stdout=StringIO())
    assert use(token).status_code == 200

    call_command("end_api_tokens", "--all")

    assert use(token).status_code == 401
    assert "1 token ended." in capsys.readouterr().out


def test_command_that_ends_all_tokens_has_to_be_told_so(signed_in: Browser) -> None:
    token = token_for(signed_in)

    with pytest.raises(CommandError, match="--all"):
        call_command("end_api_tokens")

    assert use(token).status_code == 200


def test_tokens_of_another_account_stay(signed_in: Browser) -> None:
    other = Browser()
    other.sign_in(make_user().email)
    token = token_for(other)

    signed_in.sign_out_everywhere()

    assert use(token).status_code == 200


def test_deleted_account_takes_its_tokens_along(signed_in: Browser, user: User) -> None:
    token_for(signed_in)

    user.delete()

    assert not ApiToken.objects.exists()


def test_stranger_who_signed_up_with_the_address_of_another_loses_the_tokens(
    settings: Any,
) -> None:
    settings.EMAIL_VERIFICATION = "optional"
    stranger = Browser()
    stranger.sign_up("ada@example.test", PASSWORD)
    token = token_for(stranger)
    assert use(token).status_code == 200

    Browser().reset_password("ada@example.test")

    assert use(token).status_code == 401
