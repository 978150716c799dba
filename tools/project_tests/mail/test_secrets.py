"""No live link, token, password or code is anywhere in the broker, the database or the log.

One story with every flow in it, over HTTP and with e-mails that really arrive; after each flow all
that has appeared so far is searched for.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from mail import tasks
from mail.models import Mail
from project_tests.mail.places import Places, searchable_places
from tests.authenticator import App
from tests.mail.stage import Stage, states, time_passes
from tests.waiting import until

ADA, NEW_ADA, BOB, ROOT = (f"{name}@example.test" for name in ("ada", "countess", "bob", "root"))
TYPED = {name: f"the {name} pass phrase of this story" for name in ("first", "second", "third")}

SETUP, ACTIVATE = "jwt_allauth_mfa_setup", "jwt_allauth_mfa_activate"
VERIFY, RECOVER = "jwt_allauth_mfa_verify", "jwt_allauth_mfa_verify_recovery"
FORM = "application/x-www-form-urlencoded"

SIGNED = ("access", "challenge_id", "setup_challenge_id")
KINDS = {
    "password",
    "access",
    "refresh_token",
    "known_device",
    "link",
    "password_reset_access_token",
    "set_password_access_token",
    "csrftoken",
    "challenge_id",
    "setup_challenge_id",
    "secret",
    "code",
    "recovery_code",
}


class Story:
    """What the flows share: the people, each at a browser of their own, and their mailboxes."""

    app: App
    recovery_codes: list[str]

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.ada, self.bob, self.root = (stage.browser() for _ in range(3))

    def link_to(self, address: str) -> str:
        """The newest, as soon as every e-mail has been sent."""
        self.wait_for_mail()
        return self.stage.inbox.links_to(address)[-1]

    def wait_for_mail(self) -> None:
        until(lambda: not states()["pending"])


def sign_up(story: Story) -> None:
    story.ada.sign_up(ADA, TYPED["first"])


def misuse_the_sign_up_link(story: Story) -> None:
    misuse(story, story.link_to(ADA))


def verify(story: Story) -> None:
    assert story.ada.get(story.link_to(ADA)).status_code == 302


def sign_up_again(story: Story) -> None:
    assert story.bob.sign_up(ADA, "what somebody else has typed").status_code == 201


def log_in(story: Story) -> None:
    assert story.ada.sign_in(ADA, TYPED["first"]).status_code == 200


def fail_to_log_in(story: Story) -> None:
    assert story.bob.sign_in(ADA, "what somebody has guessed").status_code == 401


def refresh(story: Story) -> None:
    assert story.ada.refresh().status_code == 200


def change_password(story: Story) -> None:
    passwords = {"old_password": TYPED["first"]}
    passwords |= dict.fromkeys(("new_password1", "new_password2"), TYPED["second"])
    answer = story.ada.call("post", "rest_password_change", passwords)
    assert answer.status_code == 200
    story.ada.access = answer.json()["access"]


def ask_for_a_reset_that_is_put_off(story: Story) -> None:
    story.stage.inbox.answers = {ADA: "450 later"}
    story.ada.call("post", "rest_password_reset", {"email": ADA})
    until(lambda: Mail.objects.exclude(error="").exists())
    story.stage.inbox.answers = {}
    time_passes()
    story.stage.sweep()


def misuse_the_reset_link(story: Story) -> None:
    misuse(story, story.link_to(ADA))


def open_the_reset_link(story: Story) -> None:
    assert story.ada.get(story.link_to(ADA)).status_code == 302
    assert story.ada.get("/api/auth/password/reset/default/").status_code == 200


def set_a_new_password(story: Story) -> None:
    answer = story.ada.set_password("rest_password_reset_set_new", TYPED["third"])
    assert answer.status_code == 200


def open_a_spent_link(story: Story) -> None:
    assert story.ada.get(story.link_to(ADA)).status_code == 400


def ask_for_another_address(story: Story) -> None:
    answer = story.ada.call("patch", "rest_user_details", {"email": NEW_ADA})
    assert answer.json()["pending_email"] == NEW_ADA


def misuse_the_link_to_the_new_address(story: Story) -> None:
    misuse(story, story.link_to(NEW_ADA))


def move_to_the_new_address(story: Story) -> None:
    assert story.ada.get(story.link_to(NEW_ADA)).status_code == 302


def invite(story: Story) -> None:
    User.objects.create_superuser(email=ROOT, password=TYPED["first"])
    story.root.sign_in(ROOT, TYPED["first"])
    answer = story.root.call("post", "rest_user_register", {"email": BOB, "role": "STAFF"})
    assert answer.status_code == 201


def misuse_the_invitation(story: Story) -> None:
    misuse(story, story.link_to(BOB))


def accept_the_invitation(story: Story) -> None:
    assert story.bob.get(story.link_to(BOB)).status_code == 302
    assert story.bob.get("/api/auth/registration/set-password/default/").status_code == 200
    assert story.bob.set_password("rest_set_password", TYPED["first"]).status_code == 200


def set_up_a_second_factor(story: Story) -> None:
    story.app = App(story.ada.call("post", SETUP, {}).json()["secret"])
    wrong, right = {"code": story.app.wrong_code()}, {"code": story.app.code()}
    assert story.ada.call("post", ACTIVATE, wrong).status_code == 400
    answer = story.ada.call("post", ACTIVATE, right)
    story.recovery_codes = answer.json()["recovery_codes"]


def log_in_with_a_code(story: Story) -> None:
    show(story, VERIFY, code=story.app.wrong_code(), answered=400)
    show(story, VERIFY, code=story.app.code(+1), answered=200)


def log_in_with_a_recovery_code(story: Story) -> None:
    show(story, RECOVER, recovery_code="31415926", answered=400)
    show(story, RECOVER, recovery_code=story.recovery_codes[0], answered=200)


def guess_codes(story: Story) -> None:
    for _ in range(7):
        show(story, VERIFY, code=story.app.wrong_code(), answered=400)
    show(story, VERIFY, code=story.app.code(), answered=429)


def show(story: Story, endpoint: str, *, answered: int, **code: str) -> None:
    browser = story.stage.browser()
    challenge = browser.sign_in(NEW_ADA, TYPED["third"]).json()["challenge_id"]
    answer = browser.call("post", endpoint, {"challenge_id": challenge, **code})
    assert answer.status_code == answered


def remove_the_second_factor(story: Story) -> None:
    password = {"password": TYPED["third"]}
    answer = story.ada.call("post", "jwt_allauth_mfa_deactivate", password)
    assert answer.status_code == 200


def log_out(story: Story) -> None:
    assert story.ada.call("post", "rest_logout", {}).status_code == 200
    assert story.bob.call("post", "rest_logout_all").status_code == 200


def log_in_where_a_second_factor_is_required(story: Story) -> None:
    story.stage.start_web(JWT_ALLAUTH_MFA_TOTP_MODE="required")
    story.bob = story.stage.browser()
    answer = story.bob.sign_in(BOB, TYPED["first"])
    challenge = {"setup_challenge_id": answer.json()["setup_challenge_id"]}
    story.app = App(story.bob.call("post", SETUP, challenge).json()["secret"])
    code = {"code": story.app.code()}
    assert "access" in story.bob.call("post", ACTIVATE, challenge | code).json()


def log_in_to_django_admin(story: Story) -> None:
    story.bob.get("/admin/login/")
    fields = {
        "csrfmiddlewaretoken": story.bob.cookies["csrftoken"].value,
        "username": BOB,
        "password": TYPED["first"],
    }
    for code, answered in ((story.app.wrong_code(), 200), (story.app.code(+1), 302)):
        form = urlencode(fields | {"code": code})
        answer = story.bob.post("/admin/login/", form, content_type=FORM)
        assert answer.status_code == answered


FLOWS = (
    misuse_the_sign_up_link,
    verify,
    sign_up_again,
    log_in,
    fail_to_log_in,
    refresh,
    change_password,
    ask_for_a_reset_that_is_put_off,
    misuse_the_reset_link,
    open_the_reset_link,
    set_a_new_password,
    open_a_spent_link,
    ask_for_another_address,
    misuse_the_link_to_the_new_address,
    move_to_the_new_address,
    set_up_a_second_factor,
    log_in_with_a_code,
    log_in_with_a_recovery_code,
    guess_codes,
    remove_the_second_factor,
    invite,
    misuse_the_invitation,
    accept_the_invitation,
    log_out,
    log_in_where_a_second_factor_is_required,
    log_in_to_django_admin,
)


def misuse(story: Story, link: str) -> None:
    """Requests to a live link that are refused, for which Django logs the path."""
    browser = story.stage.browser()
    assert browser.put(link).status_code == 405
    assert browser.delete(link).status_code == 405
    assert browser.get(link.rstrip("/")).status_code == 301
    assert browser.get(f"{link}more/").status_code == 404
    assert browser.get(f"{link[:-5]}/").status_code == 400
    assert browser.get(link, headers={"Host": "another.example.test"}).status_code == 400
    start, _, token = link.rstrip("/").rpartition("/")
    mangled = (f"({token}", f"{token[:10]} {token[10:]}", f"{token[:-30]} {token[-30:]}")
    assert {browser.get(f"{start}/{part}/").status_code for part in mangled} == {400}


def secrets(stage: Stage) -> dict[str, set[str]]:
    """Every secret that has appeared, by what it is."""
    found: dict[str, set[str]] = {}
    for kind, secret in _seen(stage):
        found.setdefault(kind, set()).add(secret)
    return found


def _seen(stage: Stage) -> Iterator[tuple[str, str]]:
    for address in stage.inbox.arrived:
        for link in stage.inbox.links_to(address):
            yield "link", _signature(link.rstrip("/"))
    for answer in stage.answers:
        cookies = {name: cookie.value for name, cookie in answer.cookies.items() if cookie.value}
        # Django's own sessions, which only its admin opens, have their keys in a table as they are.
        cookies.pop(settings.SESSION_COOKIE_NAME, None)
        yield from ((name, _signature(value)) for name, value in cookies.items())
        typed, said = _fields(answer.wsgi_request.body), _fields(answer.content)
        yield from (("password", typed[name]) for name in typed if "password" in name)
        yield from ((name, typed[name]) for name in ("code", "recovery_code") if name in typed)
        yield from ((name, _signature(said[name])) for name in SIGNED if name in said)
        if "secret" in said:
            yield "secret", said["secret"]
        yield from (("recovery_code", code) for code in said.get("recovery_codes", ()))


def _signature(token: str) -> str:
    """Its last part, without which it is worth nothing: found however the rest has been cut."""
    return re.split(r"[.:/]", token)[-1]


def _fields(content: bytes) -> dict[str, Any]:
    if content.startswith(b"{"):
        fields: dict[str, Any] = json.loads(content)
        return fields
    return dict(parse_qsl(content.decode())) if content.startswith(b"csrf") else {}


def _is_in(secret: str, text: str) -> bool:
    """A code stands alone; as a part of an id, or of a second, its few digits are chance."""
    if secret.isdecimal() and secret in text:
        return bool(re.search(rf"(?<![\w.]){secret}(?!\w)", text))
    return secret in text


def leaks(stage: Stage, places: Places) -> list[tuple[str, str]]:
    """What kind of secret is where."""
    texts, known = places.look(), secrets(stage)
    return [
        (kind, place)
        for kind, values in known.items()
        for place, text in texts.items()
        if any(_is_in(value, text) for value in values)
    ]


def test_no_secret_is_in_broker_database_or_log_after_any_flow(stage: Stage) -> None:
    story = Story(stage)
    with searchable_places(stage) as places:
        with stage.hung_worker():
            sign_up(story)
            assert not leaks(stage, places), "while the e-mail waits in the broker"
        for flow in FLOWS:
            flow(story)
            story.wait_for_mail()
            assert not leaks(stage, places), flow.__name__
    assert set(secrets(stage)) == KINDS


@pytest.mark.parametrize("secret", ["a-token-that-should-not-be-here", "073194"])
def test_secret_that_gets_into_one_of_them_is_found(secret: str, stage: Stage) -> None:
    with searchable_places(stage) as places:
        Mail.objects.create(parameters={"link": secret}, due_at=timezone.now())
        stage.send_task(tasks.send.name, secret)
        stage.browser().get(f"/{secret}/")

        found = [place for place, text in places.look().items() if _is_in(secret, text)]

    assert found == ["broker", "database", "log"]
