"""The OpenAPI description follows the settings."""

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

Describe = Callable[..., dict[str, Any]]


@pytest.fixture
def describe(capsys: pytest.CaptureFixture[str]) -> Describe:
    """The OpenAPI description of ``accounts``, complete and without a warning."""

    def description(urlconf: str = "tests.own_urls") -> dict[str, Any]:
        strict = ("--validate", "--fail-on-warn", "--urlconf", urlconf)
        call_command("spectacular", *strict, "--format", "openapi-json")
        read: dict[str, Any] = json.loads(capsys.readouterr().out)
        return read

    return description


MODES = [*product([True, False], ["disabled", "optional", "required"], [True, False])]


@pytest.mark.parametrize(("managed", "mfa_mode", "as_cookie"), MODES)
def test_description_has_no_warning_in_any_mode(
    managed: bool, mfa_mode: str, as_cookie: bool, describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = managed
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mfa_mode
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie

    assert describe()["paths"]


@pytest.mark.parametrize("managed", [False, True])
@pytest.mark.parametrize("invitations", [False, True])
def test_description_leaves_out_what_is_switched_off(
    managed: bool, invitations: bool, describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = managed
    settings.JWT_ALLAUTH_INVITATIONS = invitations

    paths = describe()["paths"]

    assert ("/api/auth/registration/" in paths) is not managed
    for path in ("user-register", "set-password"):
        assert (f"/api/auth/registration/{path}/" in paths) is (managed or invitations)
    assert "/api/auth/password/reset/set-new/" in paths


@pytest.mark.parametrize(("mode", "number"), [("disabled", 0), ("optional", 9), ("required", 9)])
def test_description_has_the_second_factor_where_there_is_one(
    mode: str, number: int, describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    paths = describe()["paths"]

    assert len([path for path in paths if "/mfa/" in path]) == number


def test_unknown_transport_is_declared_where_the_header_is(
    describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    paths = describe("config.urls")["paths"]

    operations = [each for methods in paths.values() for each in methods.values()]
    reading = [each for each in operations if "X-Token-Transport" in _headers(each)]

    assert len(reading) > 10
    assert [each["operationId"] for each in reading if "400" not in each["responses"]] == []


def _headers(operation: dict[str, Any]) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}


def test_every_operation_has_the_errors_that_no_endpoint_decides(describe: Describe) -> None:
    described = describe("config.urls")
    other = described["components"]["responses"]["OtherError"]
    error = {"$ref": "#/components/schemas/ApiError"}

    assert other["content"]["application/json"]["schema"] == error
    assert "Retry-After" in other["headers"]
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["responses"]["default"] == {
                "$ref": "#/components/responses/OtherError"
            }


def test_description_comes_as_it_is_accepted(client: Client) -> None:
    accepted = "application/vnd.oai.openapi+json"
    response = client.get(reverse("schema"), headers={"Accept": accepted})

    assert response["Content-Type"].startswith(accepted)


def test_documentation_is_served_from_our_own_files(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()

    assert "swagger-ui" in page
    assert "://" not in page.replace("http://www.w3.org", "")
    assert client.get("/api/schema/").status_code == 200


def test_view_without_a_serializer_is_described(describe: Describe) -> None:
    assert "/echo/" in describe("tests.api.test_authentication")["paths"]
