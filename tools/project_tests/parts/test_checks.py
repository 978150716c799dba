"""Settings that make no sense stop the start, with the name of the variable."""

import secrets
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management.base import SystemCheckError
from django.test import override_settings

from config.env import Environment
from core.checks import STARTUP, refuse_bad_settings
from project_tests.environment import environment_of, reported, settings_of
from tests.core.test_start import PRODUCTION, start


@pytest.mark.parametrize(
    "wrong",
    [
        {"JWT_SIGNING_KEY": "too short"},
        {"JWT_ALGORITHM": "ES256"},
        {"JWT_ALGORITHM": "RS256", "JWT_SIGNING_KEY": "-----BEGIN NONSENSE-----"},
        {"SECRET_KEY": "s" * 64, "JWT_SIGNING_KEY": "s" * 64},
    ],
)
def test_signing_key_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with override_settings(**wrong), pytest.raises(SystemCheckError, match="JWT_SIGNING_KEY"):
        refuse_bad_settings()


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KEY, OTHER = LETTERS[:43], LETTERS[::-1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"MFA_ENCRYPTION_KEYS": [KEY[1:]]},
        {"MFA_ENCRYPTION_KEYS": [KEY, "too short"]},
        {"MFA_ENCRYPTION_KEYS": ["k" * 43]},
        {"MFA_ENCRYPTION_KEYS": [KEY, "changeme" + KEY]},
        {"MFA_ENCRYPTION_KEYS": [OTHER], "SECRET_KEY": OTHER},
        {"MFA_ENCRYPTION_KEYS": [KEY, OTHER], "JWT_SIGNING_KEY": OTHER},
        {"MFA_ENCRYPTION_KEYS": [OTHER], "SECRET_KEY_FALLBACKS": [OTHER]},
        {"MFA_ENCRYPTION_KEYS": [OTHER], "JWT_VERIFYING_KEYS": [OTHER]},
    ],
)
def test_encryption_key_that_is_not_one_of_its_own_is_refused(wrong: dict[str, Any]) -> None:
    with override_settings(**wrong), pytest.raises(SystemCheckError, match="MFA_ENCRYPTION_KEYS"):
        refuse_bad_settings()


@override_settings(MFA_ENCRYPTION_KEYS=[KEY, OTHER])
def test_several_encryption_keys_start() -> None:
    refuse_bad_settings()


SITE: dict[str, Any] = {
    "ALLOWED_HOSTS": ["api.shop.test"],
    "PUBLIC_URL": "https://api.shop.test",
    "CORS_ALLOWED_ORIGINS": ["https://app.shop.test"],
    "CSRF_COOKIE_DOMAIN": ".shop.test",
    "PASSWORD_RESET_REDIRECT": "https://app.shop.test/reset",
    "PASSWORD_SET_REDIRECT": "https://api.shop.test/join",
    "EMAIL_VERIFIED_REDIRECT": "https://www.elsewhere.test/welcome",
    "FORWARDED_ALLOW_IPS": ["10.0.0.7"],
    "TRUSTED_PROXY_COUNT": 1,
}
"""A front end beside the API, behind a proxy."""


ELSEWHERE = ["https://app.shop.test", "https://www.elsewhere.test"]
ALONE: dict[str, Any] = {
    "CORS_ALLOWED_ORIGINS": [],
    "CSRF_COOKIE_DOMAIN": None,
    "PASSWORD_RESET_REDIRECT": "",
    "PASSWORD_SET_REDIRECT": "",
}


def found(**changed: Any) -> list[str]:
    """What the checks say of that site with some settings changed, warnings included."""
    with override_settings(**{**SITE, **changed}):
        return reported()


def test_front_end_beside_the_api_is_fine() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        LETTERS[:49],
        "django-insecure-" + LETTERS,
        "CHANGE-ME-" + LETTERS,
        "your_secret_key_" + LETTERS,
        "this-is-only-an-example-" + LETTERS,
        "s" * 64,
        "abcabcabd" * 8,
        "0123456789abcdef" * 4,
    ],
)
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_secret_that_can_be_guessed_is_refused(name: str, secret: str) -> None:
    [problem] = found(**{name: secret if name == "SECRET_KEY" else [secret]})

    assert problem.startswith(f"{name} must")


@pytest.mark.parametrize("length", [25, 32, 48, 64])
def test_random_secret_is_good(length: int) -> None:
    for make in (secrets.token_hex, secrets.token_urlsafe):
        assert found(SECRET_KEY=make(length) + "-" * (length < 48) * 25) == []


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("JWT_SIGNING_KEY", {"JWT_SIGNING_KEY": "k" * 64}),
        ("JWT_SIGNING_KEY", {"JWT_SIGNING_KEY": "changeme" + LETTERS}),
        ("JWT_SIGNING_KEY", {"JWT_SIGNING_KEY": LETTERS, "SECRET_KEY_FALLBACKS": [LETTERS]}),
        ("JWT_VERIFYING_KEYS", {"JWT_VERIFYING_KEYS": [LETTERS], "SECRET_KEY": LETTERS}),
        ("JWT_VERIFYING_KEYS", {"JWT_VERIFYING_KEYS": ["short"]}),
        ("SECRET_KEY_FALLBACKS", {"SECRET_KEY": LETTERS, "SECRET_KEY_FALLBACKS": [LETTERS]}),
        ("DEBUG", {"DEBUG": True, "ALLOWED_HOSTS": ["localhost", "api.shop.com"]}),
        ("DEBUG", {"DEBUG": True, "ALLOWED_HOSTS": [".shop.com"]}),
        ("DEBUG", {"DEBUG": True, "ALLOWED_HOSTS": ["*"]}),
        ("DEBUG", {"DEBUG": True, "ALLOWED_HOSTS": ["8.8.8.8"]}),
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": []}),
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ["*"]}),
        ("PUBLIC_URL", {"ALLOWED_HOSTS": ["www.shop.test"]}),
        ("PUBLIC_URL", {**ALONE, "PUBLIC_URL": "https://api.shop.test/api"}),
        ("PUBLIC_URL", {**ALONE, "PUBLIC_URL": "https://API.shop.test"}),
        ("PUBLIC_URL", {**ALONE, "PUBLIC_URL": "https://ada@api.shop.test"}),
        ("PUBLIC_URL", {**ALONE, "PUBLIC_URL": "https://api.shop.test:443"}),
        *(
            ("CORS_ALLOWED_ORIGINS", {"CORS_ALLOWED_ORIGINS": [*SITE["CORS_ALLOWED_ORIGINS"], one]})
            for one in (
                "app.shop.test",
                "https://app.shop.test/",
                "https://app.shop.test/path",
                "https://app.shop.test?",
                "https://*.shop.test",
                "*",
                "null",
                "https://",
                "https://App.shop.test",
                "https://app.shop.test:443",
                "https://app.shop.test:port",
                "https://ada@app.shop.test",
                "https://bücher.test",
                "file://",
                "file://localhost",
                "data:text/html,x",
                "blob:https://app.shop.test",
                "javascript://localhost",
                "capacitor://",
                "capacitor://localhost/",
                "Capacitor://localhost",
                "capacitor:localhost",
            )
        ),
        *(
            ("ALLOWED_HOSTS", {"ALLOWED_HOSTS": ["api.shop.test", one]})
            for one in (
                "https://api.shop.test",
                "api.shop.test:8000",
                "api.shop.test/",
                "*.shop.test",
                "bücher.test",
                "a b",
                "::1",
            )
        ),
        ("CSRF_COOKIE_DOMAIN", {"CSRF_COOKIE_DOMAIN": "https://shop.test"}),
        ("CSRF_COOKIE_DOMAIN", {"CSRF_COOKIE_DOMAIN": ".test"}),
        ("CSRF_COOKIE_DOMAIN", {"CSRF_COOKIE_DOMAIN": ".shop.test; Path=/"}),
        ("FORWARDED_ALLOW_IPS", {"FORWARDED_ALLOW_IPS": ["10.0.0.7", "proxy"]}),
        ("FORWARDED_ALLOW_IPS", {"FORWARDED_ALLOW_IPS": ["10.0.0.7/8"]}),
        ("PUBLIC_URL", {**ALONE, "PUBLIC_URL": "capacitor://localhost"}),
        ("WORKER_ALIVE_FILE", {"WORKER_ALIVE_FILE": "/no-such-folder/alive"}),
        ("WORKER_ALIVE_FILE", {"WORKER_ALIVE_FILE": "/"}),
        ("CSRF_COOKIE_DOMAIN", {"CSRF_COOKIE_DOMAIN": ".other.test"}),
        ("CSRF_COOKIE_DOMAIN", {"CSRF_COOKIE_DOMAIN": "op.test"}),
        ("CSRF_COOKIE_DOMAIN", {"CSRF_COOKIE_DOMAIN": "www.api.shop.test"}),
        ("PASSWORD_RESET_REDIRECT", {"PASSWORD_RESET_REDIRECT": "https://www.shop.test/reset"}),
        ("PASSWORD_SET_REDIRECT", {"PASSWORD_SET_REDIRECT": "http://app.shop.test/join"}),
        ("TRUSTED_PROXY_COUNT", {"TRUSTED_PROXY_COUNT": 0}),
        ("TRUSTED_PROXY_COUNT", {"TRUSTED_PROXY_COUNT": 0, "FORWARDED_ALLOW_IPS": ["*"]}),
        ("ADMIN_URL", {"ADMIN_URL": "/"}),
        ("ADMIN_URL", {"ADMIN_URL": "api/admin/"}),
        (
            "JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME",
            {"JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME": 300, "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME": 300},
        ),
        (
            "JWT_ALLAUTH_REFRESH_REUSE_LEEWAY",
            {"JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME": 600, "JWT_ALLAUTH_REFRESH_REUSE_LEEWAY": 600},
        ),
        ("JWT_ALLAUTH_SESSION_LIFETIME", {"JWT_ALLAUTH_SESSION_LIFETIME": 300}),
        ("JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE", {"CORS_ALLOWED_ORIGINS": ELSEWHERE}),
        ("CELERY_TASK_ALWAYS_EAGER", {"CELERY_TASK_ALWAYS_EAGER": True}),
        ("THROTTLE_RATES", {"THROTTLE_RATES": {"login": None}}),
    ],
)
def test_contradiction_is_named(name: str, changed: dict[str, Any]) -> None:
    [problem] = found(**changed)

    assert problem.startswith(f"{name} ")


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://api.example.org", "https://shop.example"]
)
def test_example_of_a_public_url_is_refused(url: str) -> None:
    host = url.removeprefix("https://")

    problems = found(PUBLIC_URL=url, ALLOWED_HOSTS=[host], **ALONE)

    assert problems == [f"PUBLIC_URL must be this server's own address, and {host} is an example."]


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("http://api.shop.com", False),
        ("https://api.shop.com", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
    ],
)
def test_plain_http_is_for_this_machine_alone(url: str, is_good: bool) -> None:
    hosts = ["api.shop.com", "localhost", "127.0.0.1", "[::1]"]

    assert (found(PUBLIC_URL=url, ALLOWED_HOSTS=hosts, **ALONE) == []) is is_good


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "shop.localhost",
        "127.0.0.1",
        "[::1]",
        "192.168.1.20",
        "web",
        "shop.test",
        "mac.local",
        "host.docker.internal",
    ],
)
def test_debug_is_fine_where_nobody_else_gets(host: str) -> None:
    assert found(DEBUG=True, ALLOWED_HOSTS=[host], PUBLIC_URL="https://example.com", **ALONE) == []


@pytest.mark.parametrize(
    "origin",
    [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "http://tauri.localhost",
        "https://localhost",
        "http://localhost",
        "app://obsidian.md",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ],
)
def test_origin_of_an_app_is_fine_without_cookies(origin: str) -> None:
    changed = {"CORS_ALLOWED_ORIGINS": [origin], "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": False}

    assert found(**{**changed, "PASSWORD_RESET_REDIRECT": ""}) == []


def test_front_end_of_another_site_is_fine_without_cookies() -> None:
    changed = {"CORS_ALLOWED_ORIGINS": ELSEWHERE, "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": False}

    assert found(**changed) == []


def test_atomic_requests_are_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)

    with pytest.raises(SystemCheckError, match="ATOMIC_REQUESTS"):
        refuse_bad_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", "five minutes"),
        ("JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", "0"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("JWT_ALLAUTH_MFA_TOTP_MODE", "sometimes"),
        ("EMAIL_VERIFICATION", "perhaps"),
        ("JWT_ALGORITHM", "none"),
        ("SECRET_KEY", ""),
        ("JWT_SIGNING_KEY", ""),
        ("MFA_ENCRYPTION_KEYS", ""),
        ("MFA_ENCRYPTION_KEYS", " , "),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "nonsense"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("PUBLIC_URL", "shop.example.test"),
        ("PASSWORD_RESET_REDIRECT", "/reset"),
        ("PASSWORD_SET_REDIRECT", "javascript:alert(1)"),
        ("EMAIL_VERIFIED_REDIRECT", "https://"),
        ("JWT_ALLAUTH_INVITATION_LIFETIME", "a week"),
        ("PASSWORD_RESET_TIMEOUT", "0"),
        ("JWT_ALLAUTH_CONFIRM_EMAIL_ON_GET", "perhaps"),
        ("EMAIL_URL", ""),
        ("EMAIL_URL", "https://mail.example.test"),
        ("EMAIL_URL", "anymail://postmark"),
        ("EMAIL_URL", "anymail://pigeon?api_key=secret"),
        ("EMAIL_URL", "smtp+tls://user@mail.shop.test:587"),
        ("ALLOWED_HOSTS", "https://api.shop.test"),
        ("DATABASE_POOLER", "session"),
        ("DEFAULT_FROM_EMAIL", "nobody"),
        ("JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME", "99999999999"),
        ("JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME", "315360001"),
        ("MFA_TOTP_ISSUER", "Shop: live"),
        ("PASSWORD_RESET_REDIRECT", "https://app.shop.test:port/reset"),
        ("PASSWORD_RESET_TIMEOUT", "9" * 5_000),
        ("PROJECT_NAME", "a\nb"),
        ("PROJECT_NAME", "a" * 101),
        ("SENTRY_ENVIRONMENT", "a b"),
        ("THROTTLE_RATES", "login=9999999999/min"),
        ("TIME_ZONE", "Europe"),
        ("TIME_ZONE", "a" * 300),
        ("TRUSTED_PROXY_COUNT", "21"),
        ("ADMIN_URL", "admin/<int:number>/"),
        ("ADMIN_URL", "^admin"),
    ],
)
def test_variable_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with environment_of(**{name: value}), pytest.raises(SystemCheckError, match=f"{name} "):
        refuse_bad_settings()


def kept_seconds(url: str) -> int:
    seconds: int = settings_of(DATABASE_URL=url)["DATABASES"]["default"]["CONN_MAX_AGE"]
    return seconds


def test_connections_are_kept_as_long_as_the_url_says() -> None:
    assert kept_seconds("postgresql://db/app?conn_max_age=5") == 5
    assert kept_seconds("postgresql://db/app") > 5


@pytest.mark.parametrize(
    "query", ["prepare_threshold=5", "assume_role=app", "disable_server_side_cursors=False"]
)
def test_url_must_not_contradict_the_pooler(
    query: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = settings_of(DATABASE_POOLER="transaction", DATABASE_URL=f"postgres://db/app?{query}")
    settings.DATABASE_POOLER = read["DATABASE_POOLER"]
    monkeypatch.setitem(settings.DATABASES, "default", read["DATABASES"]["default"])

    with pytest.raises(SystemCheckError, match="DATABASE_POOLER"):
        refuse_bad_settings()


def test_issuer_of_the_app_is_the_name_without_its_colon() -> None:
    assert settings_of(PROJECT_NAME="Shop: live")["MFA_TOTP_ISSUER"] == "Shop live"


def test_front_ends_are_trusted_and_may_read_the_csrf_cookie_of_their_site() -> None:
    read = settings_of(
        PUBLIC_URL="https://api.example.test",
        CORS_ALLOWED_ORIGINS="https://app.example.test",
        CSRF_COOKIE_DOMAIN=".example.test",
    )

    origins = ["https://app.example.test", "https://api.example.test"]
    assert (read["CSRF_TRUSTED_ORIGINS"], read["CSRF_COOKIE_DOMAIN"]) == (origins, ".example.test")


def test_e_mails_in_the_log_are_warned_of() -> None:
    with environment_of(EMAIL_URL="consolemail://"):
        [problem] = run_checks(tags=[STARTUP])
        refuse_bad_settings()

    assert problem.msg == "EMAIL_URL writes e-mails and their links to the log."


@pytest.mark.parametrize("line", ["SECRET_KEY: hunter2", "hunter2", "-----BEGIN hunter2-----"])
def test_line_that_cannot_be_read_stops_the_start_and_is_not_repeated(
    line: str, tmp_path: Path
) -> None:
    (tmp_path / "env").write_text(f"# a comment\n\nLOG_LEVEL=INFO\n{line}\n")

    ended = start("-c", "import config.wsgi", **PRODUCTION, ENV_FILE=str(tmp_path / "env"))

    assert ended.returncode != 0
    assert ".env must have NAME=value on each line" in ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_file_of_the_environment_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    problems = settings_of(ENV_FILE=str(tmp_path / name))["ENVIRONMENT_PROBLEMS"]

    assert problems["ENV_FILE"].endswith(str(tmp_path / name))


@pytest.mark.parametrize("logo", ["../../etc/passwd", "/etc/passwd", "pages/../../logo.svg"])
def test_logo_outside_of_static_files_is_refused(logo: str) -> None:
    assert "PAGES_LOGO" in settings_of(PAGES_LOGO=logo)["ENVIRONMENT_PROBLEMS"]


@pytest.mark.parametrize(
    ("address", "is_valid"),
    [
        ("https://app.example.com", True),
        ("com.example.app:/signed-in", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("JavaScript:alert(1)", False),
    ],
)
def test_redirect_that_leads_to_no_app_is_refused(address: str, is_valid: bool) -> None:
    problems = settings_of(SOCIAL_LOGIN_ALLOWED_REDIRECTS=address)["ENVIRONMENT_PROBLEMS"]

    assert ("SOCIAL_LOGIN_ALLOWED_REDIRECTS" not in problems) is is_valid


def test_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NUMBER", " ")
    environment = Environment()

    assert environment.integer("SOME_NUMBER", 7) == 7
    assert not environment.problems


def test_published_description_without_its_extra_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "drf_spectacular_sidecar", None)

    published = settings_of(API_DOCS="True", DEBUG="False")["ENVIRONMENT_PROBLEMS"]
    in_development = settings_of(API_DOCS="", DEBUG="True")

    assert published["API_DOCS"] == "API_DOCS must be False, or the extra `docs` installed."
    assert "API_DOCS" not in in_development["ENVIRONMENT_PROBLEMS"]
    assert in_development["API_DOCS"] is False


@pytest.mark.parametrize(("raw", "value"), [("True", True), ("false", False), ("1", True)])
def test_booleans_read_true_and_false(
    raw: str, value: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SWITCH", raw)

    assert Environment().boolean("SOME_SWITCH", not value) is value


def test_several_secrets_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRETS", "new, old")
    environment = Environment()

    assert environment.secrets("SOME_SECRETS") == ["new", "old"]
    assert not environment.problems


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NAMES", "a, b ,,c")

    assert Environment().names("SOME_NAMES") == ["a", "b", "c"]
