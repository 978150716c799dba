"""The OpenAPI description has what a client can be made from."""

import itertools
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from tests.core.test_openapi import Describe
from tests.core.test_openapi import describe as describe

Operation = dict[str, Any]


def read_description(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    strict = ("--validate", "--fail-on-warn", "--urlconf", "tests.own_urls")
    call_command("spectacular", *strict, "--format", "openapi-json")
    description: dict[str, Any] = json.loads(capsys.readouterr().out)
    return description


@pytest.fixture
def description(capsys: pytest.CaptureFixture[str]) -> Any:
    with override_settings(JWT_ALLAUTH_MFA_TOTP_MODE="required", JWT_ALLAUTH_INVITATIONS=True):
        yield read_description(capsys)


def operations(description: dict[str, Any]) -> list[Operation]:
    found = [methods.values() for methods in description["paths"].values()]
    return list(itertools.chain(*found))


def test_every_operation_has_a_summary_a_topic_and_its_security(description: Any) -> None:
    for operation in operations(description):
        assert operation["summary"]
        assert "security" in operation
    topics = {tag for operation in operations(description) for tag in operation["tags"]}
    assert topics >= {"Sign-in", "Account", "Passwords", "Registration", "MFA"}
    assert "auth" not in topics


def test_server_is_named(description: Any, settings: Any) -> None:
    assert description["servers"] == [{"url": settings.PUBLIC_URL}]


def test_documentation_names_the_server_that_it_was_read_from(client: Client) -> None:
    accepted = "application/vnd.oai.openapi+json"
    served = client.get(reverse("schema"), headers={"Accept": accepted}).json()

    assert served["servers"] == [{"url": "/"}]


def test_names_of_people_are_plain_strings(description: Any) -> None:
    for name in ("Profile", "PatchedProfile", "RegistrationInput", "InvitationInput"):
        first_name = description["components"]["schemas"][name]["properties"]["first_name"]
        assert first_name.keys() <= {"type", "maxLength", "default", "example"}


def test_optional_field_has_no_default(description: Any) -> None:
    for schema in description["components"]["schemas"].values():
        assert not any("default" in field for field in schema.get("properties", {}).values())


@pytest.mark.parametrize(
    ("answer", "field"),
    [("ChallengeOutput", "mfa_required"), ("SetupChallengeOutput", "mfa_setup_required")],
)
def test_challenge_is_told_by_a_constant(answer: str, field: str, description: Any) -> None:
    schema = description["components"]["schemas"][answer]

    assert schema["properties"][field]["enum"] == [True]
    assert field in schema["required"]


def test_invalid_input_has_a_named_type(description: Any) -> None:
    schemas = description["components"]["schemas"]
    reference = "#/components/schemas/"

    responses = [operation["responses"].get("400") for operation in operations(description)]
    contents = [each["content"]["application/json"]["schema"] for each in responses if each]

    assert contents
    assert all(content == {"$ref": f"{reference}InvalidRequest"} for content in contents)
    assert schemas["InvalidRequest"]["oneOf"] == [
        {"$ref": f"{reference}ValidationError"},
        {"$ref": f"{reference}ApiError"},
    ]
    assert schemas["ValidationError"]["required"] == ["codes"]


@pytest.mark.parametrize(
    ("path", "security"),
    [
        ("login/", []),
        ("refresh/", [{"refresh_token": []}, {}]),
        ("logout/", [{"accessToken": [], "refresh_token": []}, {"accessToken": []}]),
        ("password/reset/set-new/", [{"password_reset_access_token": []}, {}]),
        ("registration/set-password/", [{"set_password_access_token": []}, {}]),
    ],
)
def test_cookies_are_described(path: str, security: Any, description: Any) -> None:
    operation = description["paths"][f"/api/auth/{path}"]["post"]

    assert operation["security"] == security
    schemes = description["components"]["securitySchemes"]
    for name in itertools.chain(*security):
        assert schemes[name].get("scheme") == "bearer" or schemes[name]["description"]


@pytest.mark.parametrize("path", ["password/reset/set-new/", "registration/set-password/"])
def test_csrf_header_is_described(path: str, description: Any) -> None:
    parameters = description["paths"][f"/api/auth/{path}"]["post"]["parameters"]

    assert ("X-CSRFToken", "header") in {(each["name"], each["in"]) for each in parameters}


def test_invitation_answers_with_an_empty_object(description: Any) -> None:
    responses = description["paths"]["/api/auth/registration/user-register/"]["post"]["responses"]

    assert responses["201"]["content"]["application/json"]["schema"]["maxProperties"] == 0


def test_limit_is_described_with_the_time_to_wait(description: Any) -> None:
    for operation in operations(description):
        assert "Retry-After" in operation["responses"]["429"]["headers"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("LoginInput", ["email", "password"]),
        ("RegistrationInput", ["email", "password1", "password2", "first_name", "last_name"]),
        ("VerificationInput", ["challenge_id", "code"]),
        ("SignedInOutput", ["access", "refresh", "device"]),
        ("SetupOutput", ["secret", "provisioning_uri", "qr_code"]),
        ("SessionOutput", ["ip", "user_agent"]),
        ("EventOutput", ["event", "ip", "user_agent"]),
    ],
)
def test_fields_have_examples(name: str, fields: list[str], description: Any) -> None:
    properties = description["components"]["schemas"][name]["properties"]

    assert all("example" in properties[field] for field in fields)


@pytest.mark.parametrize("as_cookie", [True, False])
def test_description_knows_where_the_refresh_token_is(
    as_cookie: bool, describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie

    schemas = describe()["components"]["schemas"]

    # A request may choose the other transport, so each field is described in both.
    assert ("refresh" in schemas["TokensOutput"]["required"]) is not as_cookie
    assert ("device" in schemas["SignedInOutput"]["required"]) is not as_cookie
    assert "refresh" in schemas["RefreshInput"]["properties"]


@pytest.mark.parametrize(
    ("mode", "challenges"),
    [
        ("disabled", []),
        ("optional", ["ChallengeOutput"]),
        ("required", ["ChallengeOutput", "SetupChallengeOutput"]),
    ],
)
def test_description_has_the_challenges_that_a_login_may_answer(
    mode: str, challenges: list[str], describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    answers = describe()["components"]["schemas"]["SignedIn"]["oneOf"]

    names = [answer["$ref"].rsplit("/", 1)[1] for answer in answers]
    assert names == ["SignedInOutput", *challenges]


def test_description_knows_where_a_challenge_stands_for_an_access_token(
    describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    paths = describe()["paths"]

    for path in ("setup", "activate"):
        security = paths[f"/api/auth/mfa/{path}/"]["post"]["security"]
        assert security == [{"accessToken": []}, {}]
    for path in ("verify", "verify-recovery"):
        assert paths[f"/api/auth/mfa/{path}/"]["post"]["security"] == []
    assert paths["/api/auth/mfa/deactivate/"]["post"]["security"] == [{"accessToken": []}]
