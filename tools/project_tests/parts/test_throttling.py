"""The throttles that views name: what each of them counts a request as."""

import re
from typing import Any

import pytest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from accounts.models import User
from core.ratelimit import throttling
from core.ratelimit.throttling import AtomicThrottle
from tests.client import Browser
from tests.limits import Rates, stranger


class Answers(APIView):
    authentication_classes = permission_classes = ()
    throttle_scope = "login"

    def get(self, request: Request) -> Response:
        return Response()


def test_counts_depend_on_the_secret_key(rates: Rates, settings: Any) -> None:
    rates(login="1/min")
    assert throttling.allows("login", of="ada")
    assert not throttling.allows("login", of="ada")

    settings.SECRET_KEY = "another-key-of-the-tests-that-signs-nothing-anywhere-else"

    assert throttling.allows("login", of="ada")


@pytest.mark.parametrize(
    ("throttle", "of_a_stranger", "of_a_person"),
    [
        (throttling.AnonRateThrottle, ["anon"], []),
        (throttling.UserRateThrottle, ["user"], ["user"]),
        (throttling.ScopedRateThrottle, ["login"], ["login"]),
        (throttling.RequestThrottle, ["anon", "login"], ["user", "login"]),
    ],
)
def test_request_counts_as_its_throttle_says(
    throttle: type[AtomicThrottle],
    of_a_stranger: list[str],
    of_a_person: list[str],
    rates: Rates,
) -> None:
    rates(anon="9/min", user="9/min", login="9/min")
    view = Answers.as_view(throttle_classes=[throttle])

    def counted(user: Any) -> list[str]:
        request = APIRequestFactory().get("/")
        force_authenticate(request, user)
        return re.findall(r'"(\w+)";q=9;w=60', view(request).get("RateLimit-Policy", ""))

    assert counted(None) == of_a_stranger
    assert counted(User(email="ada@example.test")) == of_a_person


def guess(user: User, number: int) -> int:
    return int(stranger(number).sign_in(user.email, "not the password").status_code)


@pytest.mark.django_db
def test_requests_of_many_networks_reset_no_count_while_redis_is_unavailable(
    user: User, rates: Rates, settings: Any
) -> None:
    """5,200 networks of one /48."""
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    rates(anon="300/min", login="20/min", login_account="3/hour")
    assert [guess(user, n) for n in range(4)] == [401, 401, 401, 429]

    for network in range(5_200):
        browser = Browser(REMOTE_ADDR=f"2001:db8:0:{network:x}::1")
        assert browser.call("post", "rest_login", {}).status_code == 400

    assert guess(user, 0) == 429
