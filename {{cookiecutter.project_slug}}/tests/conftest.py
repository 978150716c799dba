from collections.abc import Callable

import pytest

from accounts.models import User
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.people import make_user


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture
def held(user: User) -> Held:
    """The second factor of ``user``."""
    return enrol(user)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.sign_in(user.email)
    return browser


@pytest.fixture
def sign_in(user: User) -> Callable[[], Browser]:
    """Signs ``user`` in on one more device."""

    def on_another_device() -> Browser:
        browser = Browser()
        browser.sign_in(user.email)
        return browser

    return on_another_device
