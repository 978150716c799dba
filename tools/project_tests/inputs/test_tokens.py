"""Tokens that a key of ours signed, with something wrong in what they claim."""

import uuid
from typing import Any

import jwt
import pytest

from accounts.models import Session, User
from project_tests.inputs.jwts import (
    MISSING,
    NOT_NAMES,
    Claims,
    every_carrier,
    present,
    refused,
    signed,
)
from tests.client import Browser
from tests.inputs.facts import hold
from tests.people import make_user

pytestmark = pytest.mark.django_db

LATER = 9_999_999_999
"""In the year 2286."""
NOT_IDS: list[Any] = [
    *(MISSING, None, "", "x", 7, 1.5, True, [], {}, ["a"], "\x00" * 32, "\ud800", "é"),
    *(10**400, "' OR 1=1 --", "../" * 20, "{" + "0" * 31, "urn:uuid:x", "0" * 30_000),
]
NOT_TIMES: list[Any] = [
    *(MISSING, None, "", "soon", [], {}, True, 0, -1, float("nan"), float("-inf"), -(10**400)),
]
ODD_TIMES: list[Any] = [float("inf"), 10**400, 1e308, "9999999999", [9999999999]]


@every_carrier
def test_claims_are_good_before_something_is_wrong(
    claims: Claims, kind: str, settings: Any
) -> None:
    assert present(signed(claims, settings), kind, settings).status_code == 200


@pytest.mark.parametrize("name", ["sub", "sid", "jti"])
def test_id_that_is_none(claims: Claims, kind: str, name: str, settings: Any) -> None:
    for value in NOT_IDS:
        refused(signed(claims | {name: value}, settings), kind, settings)


def test_expiry_that_is_none(claims: Claims, kind: str, settings: Any) -> None:
    for value in NOT_TIMES:
        refused(signed(claims | {"exp": value}, settings), kind, settings)


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_odd_time_breaks_nothing(claims: Claims, kind: str, name: str, settings: Any) -> None:
    for value in ODD_TIMES:
        hold(present(signed(claims | {name: value}, settings), kind, settings))


@every_carrier
def test_type_that_is_another(claims: Claims, kind: str, settings: Any) -> None:
    for value in [MISSING, "", "other", "ACCESS", ["access"], *NOT_NAMES]:
        refused(signed(claims | {"token_type": value}, settings), kind, settings)


def test_token_is_no_token_of_the_other_kind(claims: Claims, kind: str, settings: Any) -> None:
    other = "body" if kind == "access" else "access"

    refused(signed(claims, settings), other, settings)


@pytest.mark.parametrize("value", [MISSING, None, "", "GOD", 1, [], {}, ["ADMIN"]], ids=str)
@pytest.mark.parametrize("name", ["role", "email_verified"])
def test_role_is_that_of_the_row(signed_in: Browser, name: str, value: Any, settings: Any) -> None:
    claims = jwt.decode(signed_in.access, settings.JWT_SIGNING_KEY, ["HS256"])
    signed_in.access = signed(claims | {"role": "ADMIN", name: value}, settings)
    invitation = {"email": "new@example.test", "role": "ADMIN"}

    for response in (
        signed_in.call("get", "rest_user_details"),
        signed_in.call("post", "rest_user_register", invitation),
    ):
        hold(response)
    assert not User.objects.filter(email="new@example.test").exists()


@pytest.mark.parametrize("value", [MISSING, None, "", "GOD", 1, [], {}, ["ADMIN"]], ids=str)
@pytest.mark.parametrize("name", ["role", "email_verified"])
@pytest.mark.urls("tests.api.test_authentication")
def test_standing_that_is_none_opens_nothing(
    signed_in: Browser, name: str, value: Any, settings: Any
) -> None:
    claims = jwt.decode(signed_in.access, settings.JWT_SIGNING_KEY, ["HS256"])
    signed_in.access = signed(claims | {"role": "ADMIN", name: value}, settings)

    response = signed_in.call("get", "staff" if name == "role" else "verified")

    hold(response)
    assert response.status_code in {401, 403}


def test_session_of_another_person(claims: Claims, kind: str, settings: Any) -> None:
    other = Browser()
    other.sign_in(make_user().email)
    stolen = Session.objects.exclude(user=claims["sub"]).get()

    refused(signed(claims | {"sid": str(stolen.pk)}, settings), kind, settings)


def test_person_who_is_nobody(claims: Claims, kind: str, settings: Any) -> None:
    refused(signed(claims | {"sub": str(uuid.uuid4())}, settings), kind, settings)


@pytest.mark.parametrize(
    "also",
    [
        {"aud": "another"},
        {"aud": []},
        {"aud": 7},
        {"nbf": LATER},
        {"iat": LATER},
        {"iat": "now"},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_token_for_others_or_for_later(
    claims: Claims, kind: str, also: Claims, settings: Any
) -> None:
    refused(signed(claims | also, settings), kind, settings)
