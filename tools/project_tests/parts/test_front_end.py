"""``FRONTEND_URL``: what follows from it, and redirects that cannot work."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse

from project_tests.environment import environment_of, reported, settings_of
from tests.client import Browser
from tests.mailbox import emails_to
from tests.people import make_user

API, FRONT_END = "https://api.shop.test", "https://app.shop.test"
REDIRECTS = {
    "PASSWORD_RESET_REDIRECT": f"{FRONT_END}/reset",
    "PASSWORD_SET_REDIRECT": f"{FRONT_END}/join",
    "EMAIL_VERIFIED_REDIRECT": f"{FRONT_END}/welcome",
}


def test_origins_and_redirects_follow_from_the_front_end() -> None:
    read = settings_of(FRONTEND_URL=f"{FRONT_END}/", PUBLIC_URL=API)

    assert {name: read[name] for name in REDIRECTS} == REDIRECTS
    assert read["CORS_ALLOWED_ORIGINS"] == [FRONT_END]
    assert read["CSRF_TRUSTED_ORIGINS"] == [FRONT_END, API]


def test_front_end_below_a_path_has_its_pages_there() -> None:
    read = settings_of(FRONTEND_URL="https://www.shop.test/app")

    assert read["PASSWORD_RESET_REDIRECT"] == "https://www.shop.test/app/reset"
    assert read["CORS_ALLOWED_ORIGINS"] == ["https://www.shop.test"]


@pytest.mark.parametrize("name", REDIRECTS)
def test_what_is_set_does_not_follow(name: str) -> None:
    read = settings_of(FRONTEND_URL=FRONT_END, **{name: f"{FRONT_END}/other"})

    assert read[name] == f"{FRONT_END}/other"


def test_origins_that_are_set_do_not_follow() -> None:
    origin = "https://other.shop.test"

    assert settings_of(FRONTEND_URL=FRONT_END, CORS_ALLOWED_ORIGINS=origin)[
        "CORS_ALLOWED_ORIGINS"
    ] == [origin]


@pytest.mark.parametrize("front_end", ["", FRONT_END])
def test_cors_is_active_where_an_origin_is_allowed(front_end: str) -> None:
    read = settings_of(FRONTEND_URL=front_end)

    assert ("corsheaders.middleware.CorsMiddleware" in read["MIDDLEWARE"]) == bool(front_end)


def test_nothing_follows_where_no_front_end_is_set() -> None:
    read = settings_of()

    assert [read[name] for name in REDIRECTS] == ["", "", ""]
    assert read["CORS_ALLOWED_ORIGINS"] == []


# Pages and e-mails


@pytest.mark.parametrize("front_end", ["", FRONT_END])
def test_pages_link_to_the_front_end(front_end: str, client: Client, settings: Any) -> None:
    settings.FRONTEND_URL = front_end

    page = client.get(reverse("account_email_verification_sent")).content.decode()

    assert (f'<a href="{FRONT_END}">' in page) is bool(front_end)


@pytest.mark.django_db
@pytest.mark.parametrize("front_end", ["", FRONT_END])
def test_e_mails_link_to_the_front_end(front_end: str, settings: Any) -> None:
    settings.FRONTEND_URL = front_end
    user = make_user()
    Browser().call("post", "rest_password_reset", {"email": user.email})

    [message] = emails_to(user.email)

    html = message.alternatives[0][0]  # type: ignore[attr-defined, unused-ignore]
    assert (f"\n{FRONT_END}\n" in str(message.body)) is bool(front_end)
    assert (f'<a href="{FRONT_END}">' in str(html)) is bool(front_end)
    assert len(mail.outbox) == 1


# Redirects that cannot work


def found(**changed: Any) -> list[str]:
    """What the checks say of a front end beside the API, with some settings changed."""
    site = {
        "ALLOWED_HOSTS": ["api.shop.test", "localhost"],
        "PUBLIC_URL": API,
        "FRONTEND_URL": FRONT_END,
        "CORS_ALLOWED_ORIGINS": [FRONT_END],
        "CSRF_COOKIE_DOMAIN": ".shop.test",
        **REDIRECTS,
    }
    with override_settings(**{**site, **changed}):
        return reported()


def at(front_end: str, **changed: Any) -> list[str]:
    """The same, with the front end at another address."""
    redirects = {name: url.replace(FRONT_END, front_end) for name, url in REDIRECTS.items()}
    cors = {"CORS_ALLOWED_ORIGINS": [front_end]}
    return found(**{"FRONTEND_URL": front_end, **cors, **redirects, **changed})


def test_front_end_on_the_site_of_the_api_is_fine() -> None:
    assert found() == []
    assert at(API, CSRF_COOKIE_DOMAIN=None) == []


@pytest.mark.parametrize("page", ["?tab=me", "/?tab=me#/account"])
def test_address_of_the_account_has_no_query(page: str) -> None:
    assert found(ACCOUNT_URL=f"{FRONT_END}/#/account?tab=me") == []

    [problem] = found(ACCOUNT_URL=FRONT_END + page)

    assert problem.startswith("ACCOUNT_URL must have no query")


def test_front_end_on_another_host_needs_the_domain_of_the_csrf_cookie() -> None:
    [problem] = found(CSRF_COOKIE_DOMAIN=None)

    assert problem.startswith("FRONTEND_URL needs a CSRF_COOKIE_DOMAIN ")


def test_domain_of_the_csrf_cookie_must_contain_the_host_of_the_page() -> None:
    [problem] = found(CSRF_COOKIE_DOMAIN="api.shop.test")

    assert problem.startswith("FRONTEND_URL needs a CSRF_COOKIE_DOMAIN ")


def test_front_end_on_another_site_cannot_work_with_cookies() -> None:
    problems = sorted(at("https://app.elsewhere.test"))

    assert [problem.split()[0] for problem in problems] == [
        "FRONTEND_URL",
        "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE",
    ]
    assert problems[0].startswith(f"FRONTEND_URL must be on the site of {API}, or JWT_ALLAUTH_")


def test_front_end_on_another_site_works_in_the_body() -> None:
    changed = {"JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": False, "CSRF_COOKIE_DOMAIN": None}

    assert at("https://app.elsewhere.test", **changed) == []


@pytest.mark.parametrize("name", ["PASSWORD_RESET_REDIRECT", "PASSWORD_SET_REDIRECT"])
def test_redirect_of_its_own_is_named_itself(name: str) -> None:
    page = "https://www.elsewhere.test/page"

    problems = found(**{name: page, "CORS_ALLOWED_ORIGINS": [FRONT_END]})

    assert [problem.split()[0] for problem in problems] == [name]


def test_page_after_verifying_may_be_anywhere() -> None:
    assert found(EMAIL_VERIFIED_REDIRECT="https://www.elsewhere.test/welcome") == []


@pytest.mark.parametrize(
    ("front_end", "is_fine"),
    [
        ("http://localhost:5173", True),
        ("http://127.0.0.1:5173", False),
        ("http://app.localhost:5173", False),
    ],
)
def test_front_end_in_development_shares_cookies_with_localhost(
    front_end: str, is_fine: bool
) -> None:
    local = {"DEBUG": True, "PUBLIC_URL": "http://localhost:8000", "CSRF_COOKIE_DOMAIN": None}

    assert (at(front_end, **local, ALLOWED_HOSTS=["localhost"]) == []) is is_fine


def test_address_that_make_run_has_not_set_is_not_compared() -> None:
    local = {"DEBUG": True, "PUBLIC_URL": "https://shop.com", "CSRF_COOKIE_DOMAIN": None}

    assert at("http://localhost:5173", **local, ALLOWED_HOSTS=["localhost"]) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://App.shop.test",
        "https://app.shop.test:443",
        "https://ada@app.shop.test",
        "https://app.shop.test?lang=en",
        "https://app.shop.test#/",
    ],
)
def test_address_that_no_page_can_follow_is_refused(url: str) -> None:
    with environment_of(FRONTEND_URL=url, PUBLIC_URL=API, ALLOWED_HOSTS="api.shop.test"):
        problems = reported()

    assert {problem.split()[0] for problem in problems} == {"FRONTEND_URL"}


def test_app_in_a_web_view_is_not_warned_of() -> None:
    apps = ["capacitor://localhost", "https://localhost"]

    assert found(CORS_ALLOWED_ORIGINS=[FRONT_END, *apps]) == []
