"""Headers that make no sense: the answer is one that the contract knows."""

import pytest
from django.test import Client

from tests.client import Browser
from tests.inputs.facts import hold

pytestmark = pytest.mark.django_db

AUTHORIZATIONS = [
    *("", "Bearer", "Bearer ", "bearer x", "Bearer  x", "Bearer a b", "Bearer\tx", "Bearer \x00"),
    *("Basic dTpw", "Digest x", "JWT x", "Token x", "Bearer é", "Bearer ..", "Bearer a.b.c", "é"),
    *("Bearer " + "a" * 7_000, "Bearer " + "." * 7_000, "Bearer Bearer x", "Bearer,x", "\x00"),
]


@pytest.mark.parametrize("header", AUTHORIZATIONS)
def test_any_authorization_is_refused(header: str) -> None:
    response = Client().get("/api/auth/user/", headers={"Authorization": header})

    hold(response)
    assert response.status_code == 401


@pytest.mark.parametrize("header", AUTHORIZATIONS)
def test_public_endpoint_ignores_any_authorization(header: str) -> None:
    response = Browser().call("post", "rest_login", {}, headers={"Authorization": header})

    assert response.status_code == 400
    assert response.json()["codes"].keys() == {"email", "password"}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", ";", "a/b;q=é", "x"])
def test_answers_stay_json(accept: str) -> None:
    response = Client().get("/api/auth/user/", headers={"Accept": accept})

    hold(response)
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("host", ["", "evil.test", "a b", "\x00", "é", "[::1", "testserver:99999x"])
def test_any_other_host_is_refused(host: str) -> None:
    response = Client().get("/api/auth/user/", headers={"Host": host})

    hold(response)
    assert response.status_code == 400
