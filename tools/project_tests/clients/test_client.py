"""The client of ``clients/typescript``, compiled, in tabs of Chromium against the project."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from accounts.models import Session, User
from passkeys.tests.pages.device import Device
from project_tests.clients.front_end import FrontEnd
from tests.authenticator import Held
from tests.clock import later
from tests.people import PASSWORD, make_user

OPEN = """
async ({ baseUrl, keeps }) => {
  const { Client } = await import("/client.js");
  const storage = {
    get: async () => localStorage.getItem("tokens"),
    set: async (value) => localStorage.setItem("tokens", value),
  };
  const options = keeps ? { baseUrl, storage } : { baseUrl };
  globalThis.client = new Client(options);
  globalThis.heard = [];
  for (const name of ["signedin", "signedout"]) {
    client.addEventListener(name, ({ detail }) => heard.push([name, detail.elsewhere]));
  }
}
"""
SIGN_IN = "([email, password]) => client.signIn(email, password)"
START = "() => client.start().catch((error) => `${error.constructor.name} ${error.code ?? ''}`)"
CALL = """
(times) => Promise.all(Array.from({ length: times }, () =>
  client.request("GET", "/api/auth/user/").then(({ email }) => email, (error) =>
    `${error.constructor.name} ${error.status ?? ''}`)))
"""
BEGIN = f"(times) => {{ globalThis.begun = ({CALL})(times); }}"
END = "() => begun"
LATER = "(ms) => { const now = Date.now; Date.now = () => now() + ms; }"
# Of the token: then the client refreshes it before a request.
LIFETIME = 300_000
WITHOUT_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined });"


@pytest.fixture(autouse=True)
def site(settings: Any, server_url: str, front: FrontEnd) -> None:
    front.api = server_url
    settings.CORS_ALLOWED_ORIGINS = [front.url(), front.url("127.0.0.1")]


class Tab:
    """A page of the front end with a client."""

    def __init__(self, context: BrowserContext, address: str, **options: Any) -> None:
        self.page: Page = context.new_page()
        self.refreshes = 0
        self._options = {"baseUrl": "", "keeps": False, **options}
        self.page.on("request", self._count)
        self.page.goto(address)
        self.open()

    def open(self) -> None:
        self.page.evaluate(OPEN, self._options)

    def reload(self) -> Any:
        self.page.reload()
        self.open()
        return self.start()

    def start(self) -> Any:
        return self.page.evaluate(START)

    def sign_in(self, user: User, password: str = PASSWORD) -> Any:
        return self.page.evaluate(SIGN_IN, [user.email, password])

    def call(self, times: int = 1) -> list[str]:
        answers: list[str] = self.page.evaluate(CALL, times)
        return answers

    def heard(self) -> list[list[Any]]:
        events: list[list[Any]] = self.page.evaluate("() => heard")
        return events

    @property
    def user_id(self) -> str | None:
        found: str | None = self.page.evaluate("() => client.userId")
        return found

    def _count(self, request: Any) -> None:
        self.refreshes += request.method == "POST" and request.url.endswith("/refresh/")


@pytest.fixture
def tab(context: BrowserContext, front: FrontEnd) -> Tab:
    return Tab(context, front.url())


@pytest.fixture
def signed_in(tab: Tab, user: User) -> Tab:
    tab.sign_in(user)
    return tab


def test_page_that_is_loaded_again_restores_the_session(signed_in: Tab, user: User) -> None:
    assert signed_in.reload() is True
    assert signed_in.user_id == str(user.pk)
    assert signed_in.refreshes == 1


def test_visitor_is_not_signed_in(tab: Tab, db: None) -> None:
    assert tab.start() is False
    assert tab.user_id is None
    assert tab.heard() == [["signedout", False]]


def test_eight_calls_with_an_old_token_are_one_refresh(signed_in: Tab, user: User) -> None:
    signed_in.page.evaluate(LATER, LIFETIME)

    assert signed_in.call(8) == [user.email] * 8
    assert signed_in.refreshes == 1


def test_eight_calls_that_are_refused_are_one_refresh(signed_in: Tab, user: User) -> None:
    """The clock of the server is ahead."""
    with later(LIFETIME / 1_000 + 60):
        assert signed_in.call(8) == [user.email] * 8

    assert signed_in.refreshes == 1


@pytest.fixture
def two(context: BrowserContext, front: FrontEnd, signed_in: Tab) -> list[Tab]:
    other = Tab(context, front.url())
    other.start()
    return [signed_in, other]


def test_two_tabs_share_their_refreshes(two: list[Tab], user: User) -> None:
    before = sum(tab.refreshes for tab in two)
    for _ in range(10):
        for tab in two:
            tab.page.evaluate(LATER, LIFETIME)
        two[0].page.evaluate(BEGIN, 3)
        assert two[1].call(3) == [user.email] * 3
        assert two[0].page.evaluate(END) == [user.email] * 3

    assert sum(tab.refreshes for tab in two) - before == 10
    assert Session.objects.count() == 1


def test_two_tabs_without_locks_stay_signed_in(
    context: BrowserContext, front: FrontEnd, user: User
) -> None:
    context.add_init_script(WITHOUT_LOCKS)
    two = [Tab(context, front.url()), Tab(context, front.url())]
    two[0].sign_in(user)
    for _ in range(10):
        for tab in two:
            tab.page.evaluate(LATER, LIFETIME)
        two[0].page.evaluate(BEGIN, 3)
        assert two[1].call(3) == [user.email] * 3
        assert two[0].page.evaluate(END) == [user.email] * 3

    assert Session.objects.count() == 1


def test_other_tab_notices_a_sign_out(two: list[Tab]) -> None:
    two[0].page.evaluate("() => client.signOut()")

    two[1].page.wait_for_function("() => client.userId === null")
    assert two[1].heard()[-1] == ["signedout", True]
    assert two[0].heard()[-1] == ["signedout", False]
    assert two[1].call() == ["ApiError 401"]


def test_other_tab_notices_that_somebody_else_signs_in(two: list[Tab]) -> None:
    other = make_user()
    two[0].sign_in(other)

    two[1].page.wait_for_function("(id) => client.userId === id", arg=str(other.pk))
    assert two[1].heard()[-1] == ["signedin", True]
    assert two[1].call() == [other.email]


def test_session_that_was_ended_elsewhere_is_noticed(signed_in: Tab) -> None:
    Session.objects.all().delete()

    assert signed_in.call() == ["ApiError 401"]
    assert signed_in.heard()[-1] == ["signedout", True]


@pytest.mark.parametrize("outage", [502, 503, 504, -1])
def test_restart_of_the_server_signs_nobody_out(
    signed_in: Tab, front: FrontEnd, user: User, outage: int
) -> None:
    front.outage = outage
    assert {*signed_in.call(2)} == {"Unavailable "}
    signed_in.page.evaluate(LATER, LIFETIME)
    assert {*signed_in.call(2)} == {"Unavailable "}
    assert signed_in.user_id == str(user.pk)

    front.outage = 0

    assert signed_in.call() == [user.email]
    assert signed_in.reload() is True


def test_restart_while_a_page_loads_is_no_sign_out(signed_in: Tab, front: FrontEnd) -> None:
    front.outage = 503

    assert signed_in.reload() == "Unavailable "
    assert signed_in.heard() == []
    front.outage = 0
    assert signed_in.start() is True


LOSE = """
(times) => {
  const send = fetch;
  globalThis.fetch = async (path, init) => {
    const response = await send(path, init);
    if (path === "/api/auth/refresh/" && times-- > 0) throw new TypeError("network error");
    return response;
  };
}
"""


def test_lost_response_of_a_refresh_is_asked_for_again(signed_in: Tab, user: User) -> None:
    """The server has rotated the token, and its answer never arrives."""
    signed_in.page.evaluate(LOSE, 1)
    signed_in.page.evaluate(LATER, LIFETIME)

    assert signed_in.call() == [user.email]
    assert signed_in.refreshes == 2


@pytest.fixture
def lost(context: BrowserContext, front: FrontEnd, user: User) -> Tab:
    """An app that has received no answer to its refresh."""
    tab = Tab(context, front.url(), keeps=True)
    tab.sign_in(user)
    tab.page.evaluate(LOSE, 2)
    assert tab.start() == "Unavailable "
    return tab


def test_app_gets_a_lost_response_within_the_leeway(lost: Tab, user: User) -> None:
    with later(5):
        assert lost.start() is True


def test_app_whose_response_is_lost_for_longer_is_signed_out(lost: Tab) -> None:
    with later(11):
        assert lost.start() is False

    assert lost.heard()[-1] == ["signedout", True]
    assert Session.objects.count() == 0


def test_app_whose_leeway_is_longer_stays_signed_in(lost: Tab, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 60
    with later(30):
        assert lost.start() is True


# Where a front end is


def test_front_end_on_another_origin(context: BrowserContext, front: FrontEnd, user: User) -> None:
    tab = Tab(context, front.url(), baseUrl=front.api)
    tab.sign_in(user)

    assert tab.reload() is True
    assert tab.call(8) == [user.email] * 8


def test_front_end_on_another_site_in_body_transport(
    context: BrowserContext, front: FrontEnd, user: User
) -> None:
    tab = Tab(context, front.url("127.0.0.1"), baseUrl=front.api, keeps=True)
    tab.sign_in(user)

    assert tab.reload() is True
    assert tab.call(8) == [user.email] * 8
    assert context.cookies() == []
    tab.page.evaluate("() => client.signOut()")
    assert "refresh" not in tab.page.evaluate("() => localStorage.tokens")
    assert "device" in tab.page.evaluate("() => localStorage.tokens")
    assert tab.reload() is False


def test_front_end_on_another_site_has_no_cookies(
    context: BrowserContext, front: FrontEnd, user: User
) -> None:
    tab = Tab(context, front.url("127.0.0.1"), baseUrl=front.api)
    tab.sign_in(user)

    assert tab.call() == [user.email]
    assert tab.reload() is False


def test_proxy_that_rewrites_the_host_needs_the_origin_of_the_page(
    signed_in: Tab, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = []

    assert signed_in.reload() == "ApiError origin_not_allowed"
    assert signed_in.heard() == []


# Second factors


@pytest.fixture
def mode(settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"


@pytest.mark.usefixtures("mode")
def test_challenge_is_answered_with_a_code(tab: Tab, user: User, held: Held) -> None:
    challenge = tab.sign_in(user)
    assert challenge["mfa_required"]

    answer = "([challenge, code]) => client.answerChallenge(challenge, { code })"
    tab.page.evaluate(answer, [challenge, held.app.code()])

    assert tab.call() == [user.email]


@pytest.fixture
def passkey(signed_in: Tab, mode: None) -> Iterator[Device]:
    """An authenticator with a passkey that the client has added."""
    device = Device(
        signed_in.page.context.new_cdp_session(signed_in.page),
        protocol="ctap2",
        transport="internal",
        hasResidentKey=True,
        hasUserVerification=True,
        isUserVerified=True,
        automaticPresenceSimulation=True,
    )
    added = signed_in.page.evaluate("() => client.addPasskey('Laptop')")
    assert added["name"] == "Laptop"
    signed_in.page.evaluate("() => client.signOut()")
    yield device
    device.remove()


def test_passkey_signs_in(signed_in: Tab, passkey: Device, user: User) -> None:
    signed_in.page.evaluate("() => client.signInWithPasskey()")

    assert signed_in.call() == [user.email]


def test_passkey_is_suggested_in_a_field(signed_in: Tab, passkey: Device, user: User) -> None:
    field = '<input autocomplete="username webauthn" autofocus>'
    signed_in.page.evaluate("(field) => { document.body.innerHTML = field; }", field)

    signed_in.page.evaluate("() => client.signInWithPasskey({ autofill: true })")

    assert signed_in.call() == [user.email]


def test_passkey_answers_a_challenge(signed_in: Tab, passkey: Device, user: User) -> None:
    challenge = signed_in.sign_in(user)

    signed_in.page.evaluate("(it) => client.answerChallengeWithPasskey(it)", challenge)

    assert signed_in.call() == [user.email]
