"""No live link, token or password is anywhere in the broker, the database or the log.

One story with every flow in it, over HTTP and with letters that really arrive; after each flow all
that has appeared so far is searched for.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts.models import User
from mail import tasks
from mail.models import Mail
from tests.devtools.waiting import until
from tests.mail.places import Places, searchable_places
from tests.mail.stage import Stage, states, time_passes

ADA, NEW_ADA, BOB, ROOT = (f"{name}@example.test" for name in ("ada", "countess", "bob", "root"))
TYPED = {name: f"the {name} pass phrase of this story" for name in ("first", "second", "third")}

KINDS = {
    "password",
    "access",
    "refresh_token",
    "link",
    "password_reset_access_token",
    "set_password_access_token",
    "csrftoken",
}


class Story:
    """What the flows share: the people, each at a browser of their own, and their mailboxes."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.ada, self.bob, self.root = (stage.browser() for _ in range(3))

    def link_to(self, address: str) -> str:
        """The newest, as soon as every letter has been sent."""
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


def log_out(story: Story) -> None:
    assert story.ada.call("post", "rest_logout", {}).status_code == 200
    assert story.bob.call("post", "rest_logout_all").status_code == 200


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
    invite,
    misuse_the_invitation,
    accept_the_invitation,
    log_out,
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
    for answer in stage.wire.answers:
        yield from ((name, _signature(c.value)) for name, c in answer.cookies.items() if c.value)
        typed = _fields(answer.wsgi_request.body)
        yield from (("password", typed[name]) for name in typed if "password" in name)
        if access := _fields(answer.content).get("access"):
            yield "access", _signature(access)


def _signature(token: str) -> str:
    """Its last part, without which it is worth nothing: found however the rest has been cut."""
    return re.split(r"[.:/]", token)[-1]


def _fields(content: bytes) -> dict[str, Any]:
    return json.loads(content) if content.startswith(b"{") else {}


def leaks(stage: Stage, places: Places) -> list[tuple[str, str]]:
    """What kind of secret is where."""
    texts, known = places.look(), secrets(stage)
    return [
        (kind, place)
        for kind, values in known.items()
        for place, text in texts.items()
        if any(value in text for value in values)
    ]


def test_no_secret_is_in_broker_database_or_log_after_any_flow(stage: Stage) -> None:
    story = Story(stage)
    with searchable_places(stage) as places:
        sign_up(story)
        assert not leaks(stage, places), "while the letter waits in the broker"
        stage.start_worker()
        for flow in FLOWS:
            flow(story)
            story.wait_for_mail()
            assert not leaks(stage, places), flow.__name__
    assert set(secrets(stage)) == KINDS


def test_secret_that_gets_into_one_of_them_is_found(stage: Stage) -> None:
    secret = "a-token-that-should-not-be-here"
    with searchable_places(stage) as places:
        Mail.objects.create(parameters={"link": secret}, due_at=timezone.now())
        stage.send_task(tasks.send.name, secret)
        stage.browser().get(f"/{secret}/")

        found = [place for place, text in places.look().items() if secret in text]

    assert found == ["broker", "database", "log"]
