import atexit
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
import redis
from hypothesis.configuration import set_hypothesis_home_dir

from accounts.models import User
from tests.authenticator import Held, enrol
from tests.client import Browser
from tests.limits import Rates, redis_of_this_process
from tests.people import make_user

# Hypothesis would keep its tables in the project's folder, from the time that tests are collected.
_folder = tempfile.TemporaryDirectory(prefix="hypothesis-")
atexit.register(_folder.cleanup)
set_hypothesis_home_dir(_folder.name)


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


@pytest.fixture
def rates(settings: Any) -> Rates:
    """Sets these limits and no other: ``rates(login="3/min")``. Nothing has been counted yet."""
    settings.REDIS_URL = redis_of_this_process()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    everywhere = settings.REST_FRAMEWORK

    def set_rates(**rates: str) -> None:
        all_rates = dict.fromkeys(everywhere["DEFAULT_THROTTLE_RATES"]) | rates
        settings.REST_FRAMEWORK = {**everywhere, "DEFAULT_THROTTLE_RATES": all_rates}

    return set_rates
