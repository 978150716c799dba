"""Health, errors and the OpenAPI description."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import health
from tests.client import Browser


def test_live_answers_without_asking_anybody(
    client: Client, django_assert_num_queries: Any, db: None
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    """Each test asks for the first time in its second."""
    health.KEPT.forget()


FINE = {"status": "ok", "database": "ok", "redis": "ok", "mail": "ok"}


@pytest.mark.django_db
def test_ready_answers_when_everything_does(client: Client) -> None:
    response = client.get("/health/ready")

    assert (response.status_code, response.json()) == (200, FINE)


@pytest.mark.django_db
def test_without_redis_it_is_ready_and_says_what_is_unavailable(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == FINE | {"status": "degraded", "redis": "unavailable"}
    assert "redis" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "commands",
    [
        pytest.param("+@read +ping +info", id="no writes"),
        pytest.param("+@all -evalsha", id="no scripts"),
    ],
)
def test_redis_that_cannot_count_is_unavailable_and_an_error(
    commands: str, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = urlsplit(settings.REDIS_URL)
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.acl_setuser(
            "counter", enabled=True, passwords="+word", keys="*", commands=commands.split()
        )
        reader = url._replace(netloc=f"counter:word@{url.netloc.rpartition('@')[2]}")
        settings.REDIS_URL = reader.geturl()
        try:
            states = client.get("/health/ready").json()
        finally:
            server.acl_deluser("counter")

    assert (states["status"], states["redis"]) == ("degraded", "unavailable")
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [
        "Redis refuses to count: NoPermissionError"
    ]
    assert "counter" not in caplog.text


def test_ready_names_what_it_cannot_serve_without_and_never_why(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    def fails() -> str:
        raise RuntimeError("secret details")

    monkeypatch.setattr(health, "PROBES", {"database": fails, "redis": fails})

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "database": "unavailable"}


@pytest.mark.parametrize("requests", [1, 20])
def test_slow_probe_is_asked_once_and_the_others_get_the_last_state(
    requests: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, kept, now = [], health.KeptState(), [100.0]
    begun, go_on = Event(), Event()

    def answer() -> str:
        asked.append(now[0])
        if len(asked) > 1:
            begun.set()
            assert go_on.wait(10)
        return "ok" if len(asked) == 1 else "degraded"

    monkeypatch.setattr(health, "PROBES", {"mail": answer})
    monkeypatch.setattr("core.health.time.monotonic", lambda: now[0])
    assert kept.state()[0] == "ok"
    now[0] += 5.0

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(kept.state)
        assert begun.wait(10)
        try:
            meanwhile = [kept.state()[0] for _ in range(requests)]
        finally:
            go_on.set()

    assert meanwhile == ["ok"] * requests
    assert (slow.result()[0], len(asked)) == ("degraded", 2)


def test_first_requests_wait_for_one_answer_of_the_probes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, kept, go_on = [], health.KeptState(), Event()

    def answer() -> str:
        asked.append(True)
        assert go_on.wait(10)
        return "ok"

    monkeypatch.setattr(health, "PROBES", {"mail": answer})

    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(kept.state) for _ in range(4)]
        go_on.set()

    assert [each.result()[0] for each in answers] == ["ok"] * 4
    assert len(asked) == 1


def test_answer_of_ready_is_kept_for_a_second(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    asked, now = [], [100.0]

    def answer() -> str:
        asked.append(now[0])
        return "ok"

    monkeypatch.setattr(health, "PROBES", {"database": answer})
    monkeypatch.setattr("core.health.time.monotonic", lambda: now[0])

    for passed in (0.0, 0.5, 0.4, 0.2):
        now[0] += passed
        assert client.get("/health/ready").json()["status"] == "ok"

    assert len(asked) == 2


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
@pytest.mark.django_db
def test_probes_may_ask_an_address_over_plain_http(
    path: str, client: Client, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["api.example.test"]

    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probes_can_only_be_read(path: str, client: Client) -> None:
    assert client.post(path).status_code == 405


def test_no_task_of_beat_waits_longer_than_releases_are_apart(settings: Any) -> None:
    waits = [entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]

    assert max(waits) <= 3600, "a new beat counts from its start"


def test_unknown_path_of_the_api_is_json(client: Client) -> None:
    response = client.get("/api/nowhere/")

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found.", "code": "not_found"}


def test_unknown_page_is_a_page(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_wrong_method_is_named(client: Client) -> None:
    response = client.get(reverse("rest_login"))

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


def test_host_that_is_not_ours_is_a_bad_request(client: Client) -> None:
    response = client.get("/api/auth/user/", headers={"Host": "evil.example"})

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_failure_of_ours_is_json_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, user: Any
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("secret details")

    monkeypatch.setattr("accounts.services.passwords.verification.verify_credentials", fails)
    browser = Browser(raise_request_exception=False)

    response = browser.call(
        "post", "rest_login", {"email": "a@example.test", "password": "whatever"}
    )

    assert response.status_code == 500
    assert response.json() == {"detail": "Something went wrong on our side.", "code": "error"}


def test_djangos_own_checks_find_nothing() -> None:
    call_command("check", fail_level="WARNING")


def test_answer_is_json_whatever_is_accepted(client: Client) -> None:
    response = client.post(reverse("rest_logout"), headers={"Accept": "text/html"})

    assert (response.status_code, response["Content-Type"]) == (401, "application/json")


def test_description_comes_as_it_is_accepted(client: Client) -> None:
    accepted = "application/vnd.oai.openapi+json"
    response = client.get(reverse("schema"), headers={"Accept": accepted})

    assert response["Content-Type"].startswith(accepted)


def test_session_of_django_admin_authenticates_nobody_at_the_api(
    client: Client, user: User
) -> None:
    client.force_login(user)

    assert client.get(reverse("rest_user_details")).status_code == 401


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True)


Describe = Callable[[], dict[str, Any]]


@pytest.fixture
def describe(capsys: pytest.CaptureFixture[str]) -> Describe:
    """The OpenAPI description, complete and without a warning."""

    def description() -> dict[str, Any]:
        call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
        read: dict[str, Any] = json.loads(capsys.readouterr().out)
        return read

    return description


@pytest.mark.parametrize("as_cookie", [True, False])
def test_description_knows_where_the_refresh_token_is(
    as_cookie: bool, describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE = as_cookie

    schemas = describe()["components"]["schemas"]

    # A request may choose the other transport, so that each field is described in both.
    assert ("refresh" in schemas["TokensOutput"]["required"]) is not as_cookie
    assert ("device" in schemas["SignedInOutput"]["required"]) is not as_cookie
    assert "refresh" in schemas["RefreshInput"]["properties"]


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


@pytest.mark.parametrize(("mode", "number"), [("disabled", 0), ("optional", 6), ("required", 6)])
def test_description_has_the_second_factor_where_there_is_one(
    mode: str, number: int, describe: Describe, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode

    paths = describe()["paths"]

    assert len([path for path in paths if "/mfa/" in path]) == number


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
        assert "security" not in paths[f"/api/auth/mfa/{path}/"]["post"]
    assert paths["/api/auth/mfa/deactivate/"]["post"]["security"] == [{"accessToken": []}]


@pytest.mark.django_db
def test_page_that_is_not_there_is_one_of_ours(client: Client) -> None:
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert "<h1>Page not found</h1>" in response.content.decode()


def test_documentation_is_served_from_our_own_files(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()

    assert "swagger-ui" in page
    assert "://" not in page.replace("http://www.w3.org", "")
    assert client.get("/api/schema/").status_code == 200
