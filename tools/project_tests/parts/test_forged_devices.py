"""A forged device does not tell which addresses have an account, not even by the work it causes."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils.crypto import salted_hmac

from accounts.api.cookies import DEVICE_COOKIE
from accounts.models import User
from core import digests
from tests.flows.test_limits import WRONG, guess
from tests.limits import Rates
from tests.people import CheapPasswordHasher

pytestmark = pytest.mark.django_db


MADE_UP = "~".join(f"{number:032x}.9999999999.{number:032x}" for number in range(5))
"""As many tokens as are read, none of them ours."""


def work(monkeypatch: pytest.MonkeyPatch, action: Callable[[], Any]) -> Counter[str]:
    """How many digests and password hashes it makes."""
    done: Counter[str] = Counter()

    def count(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            done[name] += 1
            return function(*args, **options)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(digests, "salted_hmac", count("digest", salted_hmac))
        for name in ("encode", "verify"):
            method = getattr(CheapPasswordHasher, name)
            patch.setattr(CheapPasswordHasher, name, count(name, method))
        action()
    return done


@pytest.mark.parametrize("path", ["/api/auth/login/", "/admin/login/"])
@pytest.mark.parametrize("is_limited", [False, True])
@pytest.mark.parametrize("fallbacks", [[], ["a-former-secret-key-of-the-tests"]])
def test_forged_device_causes_as_much_work_for_an_unknown_address(
    path: str,
    is_limited: bool,
    fallbacks: list[str],
    user: User,
    rates: Rates,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SECRET_KEY_FALLBACKS = fallbacks
    guess("warm@example.test")
    rates(login_account="1/hour")

    def sign_in(email: str) -> None:
        browser = Client(REMOTE_ADDR="198.51.100.1")
        browser.cookies[DEVICE_COOKIE] = MADE_UP
        if path.startswith("/admin"):
            browser.post(path, {"username": email, "password": WRONG})
        else:
            body = {"email": email, "password": WRONG}
            browser.post(path, body, content_type="application/json")

    addresses = (user.email, "nobody@example.test")
    for email in addresses if is_limited else ():
        guess(email)
    known, unknown = (work(monkeypatch, partial(sign_in, email)) for email in addresses)

    assert known["digest"] >= 5 * (1 + len(fallbacks))
    assert known["digest"] == unknown["digest"]
    assert sum(known.values()) == sum(unknown.values())
