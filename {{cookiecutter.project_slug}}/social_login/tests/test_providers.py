"""What is different at Microsoft, Apple and GitHub."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.urls import reverse

from accounts.models import User
from social_login.demo.provider import CLIENT_ID, CLIENT_SECRET, Claims, DemoProvider, Form
from social_login.models import SocialAccount
from social_login.providers.claims import pkce_challenge
from social_login.tests.conftest import demo_options
from social_login.tests.steps import GRACE, authorize, call_back, complete, query_of, start
from tests.client import Browser

TENANT, OTHER_TENANT = (
    "9188040d-6c67-4c5b-b112-36a304b66dad",
    "72f988bf-86f1-41af-91ab-2d7cd011db47",
)


def result_of(browser: Browser, provider: str, **person: str) -> dict[str, str]:
    url = start(browser, provider).json()["authorization_url"]
    return query_of(call_back(browser, authorize(url, **person), provider)["Location"])


# Microsoft


@pytest.fixture
def say(demo: DemoProvider, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the provider one like Microsoft's ``common``, whose tokens have these claims."""
    settings.SOCIAL_PROVIDERS = {"microsoft": demo_options(demo, name="Microsoft")}
    pattern = {"issuer": demo.issuer + "/{tenantid}/v2.0"}
    document, sign = demo.discovery() | pattern, demo.sign
    monkeypatch.setattr(demo, "discovery", lambda: document)

    def set_claims(**claims: Any) -> None:
        of_tenant = {"tid": TENANT, "iss": f"{demo.issuer}/{TENANT}/v2.0"} | claims
        monkeypatch.setattr(demo, "sign", lambda found: sign(found | of_tenant))

    return set_claims


@pytest.mark.parametrize("verified", [True, 1, "1", "true"])
def test_microsoft_says_by_a_claim_of_its_own_that_an_address_is_verified(
    guest: Browser, say: Callable[..., None], verified: Any
) -> None:
    say(xms_edov=verified)

    found = result_of(guest, "microsoft", email_verified="")

    assert complete(guest, found["code"]).status_code == 200
    assert SocialAccount.objects.get().subject.startswith(f"{TENANT}:")


@pytest.mark.parametrize("claims", [{}, {"xms_edov": False}, {"xms_edov": 0}, {"xms_edov": "no"}])
def test_any_tenant_of_microsoft_may_claim_any_address(
    guest: Browser, user: User, say: Callable[..., None], claims: Claims
) -> None:
    say(**claims)

    # With the claim of the others, which Microsoft does not send.
    found = result_of(guest, "microsoft", email=user.email, email_verified="on")

    assert found == {"error": "email_not_verified"}


def test_the_issuer_of_another_tenant_is_refused(guest: Browser, say: Callable[..., None]) -> None:
    say(tid=OTHER_TENANT, xms_edov=True)

    assert result_of(guest, "microsoft") == {"error": "provider_error"}


def test_one_id_in_two_tenants_is_two_users(
    guest: Browser, demo: DemoProvider, say: Callable[..., None]
) -> None:
    say(xms_edov=True)
    complete(guest, result_of(guest, "microsoft", sub="17")["code"])
    issuer = f"{demo.issuer}/{OTHER_TENANT}/v2.0"
    say(tid=OTHER_TENANT, iss=issuer, xms_edov=True)

    browser = Browser()
    found = result_of(browser, "microsoft", sub="17", email="hopper@example.test")
    complete(browser, found["code"])

    assert User.objects.count() == SocialAccount.objects.count() == 2


# Apple


@pytest.fixture
def apple(demo: DemoProvider, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the provider one like Apple's, which takes a signed token as the secret."""
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    options = demo_options(demo, name="Apple", team_id="TEAM", key_id="KEY", private_key=text)
    del options["client_secret"]
    settings.SOCIAL_PROVIDERS = {"apple": options}
    exchange = demo.exchange

    def exchange_with_signed_secret(form: Form) -> Claims:
        secret, public = form["client_secret"], key.public_key()
        claims = jwt.decode(secret, public, ["ES256"], audience=demo.issuer, issuer="TEAM")
        assert claims["sub"] == CLIENT_ID
        assert jwt.get_unverified_header(secret)["kid"] == "KEY"
        return exchange(form | {"client_secret": CLIENT_SECRET})

    monkeypatch.setattr(demo, "exchange", exchange_with_signed_secret)


def post_back(browser: Browser, parameters: dict[str, str]) -> dict[str, str]:
    path = reverse("social_callback", kwargs={"provider": "apple"})
    response = browser.post(path, parameters, headers={"Origin": "https://appleid.apple.com"})
    return query_of(response["Location"])


@pytest.mark.usefixtures("apple")
def test_apple_posts_back(guest: Browser) -> None:
    url = start(guest, "apple").json()["authorization_url"]
    assert query_of(url)["response_mode"] == "form_post"
    name = json.dumps({"name": {"firstName": "Grace", "lastName": "Hopper"}})

    found = post_back(guest, authorize(url, name="") | {"user": name})

    assert complete(guest, found["code"]).status_code == 200
    user = User.objects.get()
    assert (user.first_name, user.last_name) == ("Grace", "Hopper")


@pytest.mark.usefixtures("apple")
@pytest.mark.parametrize(
    "name", ["", "[]", "{}", '{"name": 1}', "[" * 4_000, '{"name": {"firstName": 1}}']
)
def test_names_that_apple_did_not_send_are_left_out(guest: Browser, name: str) -> None:
    url = start(guest, "apple").json()["authorization_url"]

    found = post_back(guest, authorize(url) | {"user": name})

    assert complete(guest, found["code"]).status_code == 200


@pytest.mark.usefixtures("apple")
def test_browsers_send_the_cookie_with_the_post_of_apple(guest: Browser) -> None:
    start(guest, "apple")

    cookie = guest.cookies["__Host-social_login"]
    assert (cookie["samesite"], cookie["secure"]) == ("None", True)


@pytest.mark.usefixtures("apple")
def test_the_callback_of_apple_is_no_link(guest: Browser) -> None:
    url = start(guest, "apple").json()["authorization_url"]

    assert call_back(guest, authorize(url), "apple").status_code == 405


@pytest.mark.usefixtures("apple")
def test_apple_calls_a_cancellation_by_another_name(guest: Browser) -> None:
    url = start(guest, "apple").json()["authorization_url"]
    cancelled = {"state": query_of(url)["state"], "error": "user_cancelled_authorize"}

    assert post_back(guest, cancelled) == {"error": "access_denied"}


# GitHub


class FakeGitHub(BaseHTTPRequestHandler):
    user: Any = {"id": 583231, "login": "octocat", "name": "Grace Hopper"}
    emails: Any = [
        {"email": "old@example.test", "primary": False, "verified": True},
        {"email": GRACE["email"], "primary": True, "verified": True},
    ]
    challenge = ""

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer gho_token"
        self._send(self.emails if self.path == "/api/v3/user/emails" else self.user)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body))
        is_right = (form["code"], form["client_secret"]) == (
            "right",
            CLIENT_SECRET,
        ) and pkce_challenge(form["code_verifier"]) == self.challenge
        # As GitHub does: an error has the status 200.
        self._send({"access_token": "gho_token"} if is_right else {"error": "bad_code"})

    def _send(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Prints nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def github(guest: Browser, settings: Any) -> Iterator[type[FakeGitHub]]:
    handler = type("Handler", (FakeGitHub,), {})
    with serving(handler) as url:
        options = {"name": "GitHub", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        settings.SOCIAL_PROVIDERS = {"github": {**options, "url": url}}
        yield handler


def go_to_github(browser: Browser, github: type[FakeGitHub], code: str = "right") -> dict[str, str]:
    query = query_of(start(browser, "github").json()["authorization_url"])
    github.challenge = query["code_challenge"]
    parameters = {"state": query["state"], "code": code}
    return query_of(call_back(browser, parameters, "github")["Location"])


def test_github_signs_up_with_the_primary_address(guest: Browser, github: type[FakeGitHub]) -> None:
    found = go_to_github(guest, github)

    assert complete(guest, found["code"]).status_code == 200
    assert User.objects.get().email == GRACE["email"]
    assert SocialAccount.objects.get().subject == "583231"


def test_a_renamed_user_of_github_is_the_same(guest: Browser, github: type[FakeGitHub]) -> None:
    complete(guest, go_to_github(guest, github)["code"])
    github.user = github.user | {"login": "somebody-else"}

    browser = Browser()
    complete(browser, go_to_github(browser, github)["code"])

    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "emails",
    [
        [],
        {},
        None,
        ["x"],
        [{"email": GRACE["email"], "primary": True, "verified": False}],
        [{"email": GRACE["email"], "primary": False, "verified": True}],
        [{"email": 1, "primary": True, "verified": True}],
    ],
)
def test_an_address_that_github_has_not_verified_is_refused(
    guest: Browser, github: type[FakeGitHub], emails: Any
) -> None:
    github.emails = emails

    assert go_to_github(guest, github) == {"error": "email_not_verified"}


@pytest.mark.parametrize("user", [{}, [], {"id": "1"}, {"id": None}, {"id": True}])
def test_a_user_of_github_without_an_id_is_refused(
    guest: Browser, github: type[FakeGitHub], user: Any
) -> None:
    github.user = user

    assert go_to_github(guest, github) == {"error": "provider_error"}


def test_a_code_that_github_refuses_is_an_error(guest: Browser, github: type[FakeGitHub]) -> None:
    assert go_to_github(guest, github, "wrong") == {"error": "provider_error"}


# One address, several providers


def test_one_address_at_two_providers_is_one_account(
    guest: Browser, demo: DemoProvider, settings: Any
) -> None:
    settings.SOCIAL_PROVIDERS["gitlab"] = settings.SOCIAL_PROVIDERS["oidc"]
    for provider in ("oidc", "gitlab"):
        browser = Browser()
        complete(browser, result_of(browser, provider)["code"])

    assert User.objects.count() == 1
    assert SocialAccount.objects.count() == 2


def test_an_issuer_that_wants_the_secret_in_a_header_gets_it_there(
    guest: Browser, demo: DemoProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = demo.discovery()
    del document["token_endpoint_auth_methods_supported"]
    monkeypatch.setattr(demo, "discovery", lambda: document)

    assert result_of(guest, "oidc").keys() == {"code"}
