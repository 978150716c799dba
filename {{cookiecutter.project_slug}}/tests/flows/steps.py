"""What the tests of several flows do."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from tests.authenticator import Held
from tests.client import Browser
from tests.people import make_user


def refusal(response: Any) -> tuple[int, str]:
    """The status and the error code of an answer."""
    return response.status_code, response.json()["code"]


def signed_in_as(user: User, **options: Any) -> Browser:
    browser = Browser(**options)
    browser.sign_in(user.email)
    return browser


def signed_in_admin() -> Browser:
    return signed_in_as(make_user(role=User.Role.ADMIN))


def signed_in_with_code(user: User, held: Held, steps: int = 0) -> Browser:
    browser = Browser()
    browser.verify(challenge_for(user), held.app.code(steps))
    return browser


def with_token(token: str, **options: Any) -> Browser:
    """A browser that has a copy of this refresh token."""
    browser = Browser(**options)
    browser.refresh_token = token
    return browser


def challenge_for(user: User) -> str:
    return str(Browser().sign_in(user.email).json()["challenge_id"])


def setup_challenge_for(user: User) -> str:
    return str(Browser().sign_in(user.email).json()["setup_challenge_id"])


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], object]
) -> None:
    """Lets something happen just before ``module.name`` is called."""
    function = getattr(module, name)

    def called(*args: Any, **options: Any) -> Any:
        happens()
        return function(*args, **options)

    monkeypatch.setattr(module, name, called)
