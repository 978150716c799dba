"""The domain and the origins of passkeys follow from the settings, which a check verifies."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import include, path

from passkeys import checks, conf

urlpatterns = [path("api/auth/", include("passkeys.urls"))]


@pytest.mark.parametrize(
    ("public", "front_end", "own", "expected"),
    [
        ("https://api.example.com", "", "", "api.example.com"),
        ("https://api.example.com", "https://app.example.com", "", "app.example.com"),
        ("https://api.example.com", "https://app.example.com", "example.com", "example.com"),
        ("http://localhost:8000", "", "", "localhost"),
    ],
)
def test_domain_is_that_of_the_front_end(
    public: str, front_end: str, own: str, expected: str, settings: Any
) -> None:
    settings.PUBLIC_URL, settings.FRONTEND_URL, settings.PASSKEY_RP_ID = public, front_end, own

    assert conf.rp_id() == expected


def test_accepted_origins_are_those_of_the_site(settings: Any) -> None:
    settings.PUBLIC_URL = "https://api.example.com"
    settings.FRONTEND_URL = "https://app.example.com/shop"
    settings.CORS_ALLOWED_ORIGINS = ["https://www.example.com"]
    settings.PASSKEY_ORIGINS = ["android:apk-key-hash:abc"]

    assert conf.accepted_origins() == {
        "https://api.example.com",
        "https://app.example.com",
        "https://www.example.com",
        "android:apk-key-hash:abc",
    }


@pytest.mark.parametrize(
    ("changes", "message", "is_error"),
    [
        ({"PUBLIC_URL": "https://192.0.2.7"}, "do not work at an IP address", False),
        ({"PUBLIC_URL": "https://[2001:db8::7]"}, "do not work at an IP address", False),
        ({"PASSKEY_RP_ID": "192.0.2.7"}, "must be a domain", True),
        ({"PASSKEY_RP_ID": "localhost"}, "localhost is for development", True),
        ({"PASSKEY_RP_ID": "other.com"}, "must be the domain of FRONTEND_URL", True),
        ({"PASSKEY_RP_ID": "com"}, "must be the domain of FRONTEND_URL", True),
        ({"PASSKEY_ORIGINS": ["ios:com.example"]}, "is not like android:apk-key-hash", True),
        ({"PASSKEY_ORIGINS": ["http://example.com"]}, "is not like android:apk-key-hash", True),
    ],
    ids=str,
)
def test_setting_that_cannot_work_is_reported(
    changes: dict[str, Any], message: str, is_error: bool, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://api.example.com"
    settings.DEBUG = False
    for name, value in changes.items():
        setattr(settings, name, value)

    [problem] = checks.check(None)

    assert message in problem.msg
    assert problem.is_serious() is is_error


@pytest.mark.parametrize("debug", [True, False])
def test_settings_of_a_site_are_accepted(debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    settings.PUBLIC_URL = "http://localhost:8000" if debug else "https://api.example.com"
    settings.PASSKEY_ORIGINS = ["android:apk-key-hash:abc", "http://localhost:5173"]

    assert checks.check(None) == []


def test_description_is_complete(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"

    strict = ("--validate", "--fail-on-warn", "--urlconf", __name__)
    call_command("spectacular", *strict, "--format", "openapi-json")

    paths = json.loads(capsys.readouterr().out)["paths"]
    assert len(paths) == 11
    for operations in paths.values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["tags"] == ["Passkeys"]
