"""The history: what the owner of an account sees of its security log."""

import base64
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.api import enrolment_origin
from accounts.models import SecurityEvent, User
from accounts.services import history
from tests.admin.steps import act, as_
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import meanwhile, refusal
from tests.limits import stranger
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

DAY = 86_400


def history_of(browser: Browser, **query: str) -> list[dict[str, Any]]:
    path = reverse("user_history", query=query)
    headers = {"Authorization": f"Bearer {browser.access}"}
    return list(browser.get(path, headers=headers).json()["results"])


def events_of(user: User) -> list[str]:
    """The codes, the latest first."""
    return [row.event for row in history.list_of(user.pk, now=timezone.now())]


def test_sign_in_is_shown_with_its_network_and_device(user: User) -> None:
    browser = stranger(7)
    browser.defaults["HTTP_USER_AGENT"] = "Lynx/2.9"
    with later(0):
        year = timezone.now().year
        browser.sign_in(user.email)

    [event] = history_of(browser)
    assert event.pop("at").startswith(str(year))
    assert event == {
        "event": "session_opened",
        "ip": "198.51.100.0/24",
        "user_agent": "Lynx/2.9",
        "detail": "A new device signed in.",
    }


def test_device_that_changes_the_password_is_not_a_new_one(signed_in: Browser) -> None:
    signed_in.access = signed_in.change_password().json()["access"]

    assert history_of(signed_in)[0]["detail"] == "A device signed in."


def test_recognised_device_is_not_a_new_one(signed_in: Browser, user: User) -> None:
    signed_in.sign_in(user.email)

    details = [event["detail"] for event in history_of(signed_in)]
    assert [details[-1], "A device signed in." in details] == ["A new device signed in.", True]


def test_sentence_is_in_the_language_of_the_request(signed_in: Browser) -> None:
    signed_in.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"

    assert history_of(signed_in)[0]["detail"] == "Ein neues Gerät hat sich angemeldet."


@pytest.mark.parametrize("known", [True, False])
def test_failed_sign_in_writes_nothing(known: bool, user: User) -> None:
    with statements(1):
        Browser().sign_in(user.email if known else "nobody@example.test", "not the password")

    assert not SecurityEvent.objects.exists()


def test_user_sees_their_own_events_only(signed_in: Browser) -> None:
    stranger(1).sign_in(make_user().email)

    assert len(history_of(signed_in)) == 1


def test_what_is_rolled_back_is_not_shown(
    user: User, signed_in: Browser, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    app = signed_in.set_up()
    # The session ends while the code is verified: the activation is refused.
    meanwhile(monkeypatch, enrolment_origin, "conclude", user.sessions.all().delete)

    assert refusal(signed_in.activate(app.code())) == (401, "token_not_valid")

    assert "second_factor_on" not in events_of(user)


def test_event_of_a_deleted_account_is_not_written(user: User) -> None:
    gone = user.pk
    user.delete()

    history.note(account=gone, event="session_revoked")

    assert not SecurityEvent.objects.exists()


def test_administrator_is_not_shown(user: User, admin: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    enrol(user)
    act(admin, "reset_second_factor", user)

    event = SecurityEvent.objects.get(user=user)
    assert (event.event, event.network, event.user_agent) == ("second_factor_reset", "", "")
    assert str(admin.pk) not in history.sentence_for(event)


def test_page_has_fifty_events_and_leads_to_the_next(user: User, signed_in: Browser) -> None:
    for _ in range(60):
        history.note(account=user.pk, event="password_changed")
    first = signed_in.call("get", "user_history").json()

    headers = {"Authorization": f"Bearer {signed_in.access}"}
    second = signed_in.get(first["next"], headers=headers).json()

    assert (len(first["results"]), first["previous"]) == (50, None)
    assert (len(second["results"]), second["next"]) == (11, None)
    assert second["results"][-1]["event"] == "session_opened"


@pytest.mark.parametrize("position", ["x", "2026-13-45", "\x00", "9" * 400, "p=1"])
def test_cursor_that_names_no_time_is_refused(position: str, signed_in: Browser) -> None:
    cursor = base64.b64encode(f"p={position}".encode()).decode()
    path = reverse("user_history", query={"cursor": cursor})

    response = signed_in.get(path, headers={"Authorization": f"Bearer {signed_in.access}"})

    assert refusal(response) == (404, "not_found")


def test_page_costs_two_queries_and_is_not_stored(signed_in: Browser) -> None:
    with statements(2):
        response = signed_in.call("get", "user_history")

    assert response["Cache-Control"] == "no-store"


def test_events_are_shown_and_kept_for_ninety_days(user: User, signed_in: Browser) -> None:
    with later(89 * DAY):
        tasks.purge_history()
        assert len(events_of(user)) == 1

    with later(91 * DAY):
        assert not events_of(user)
        tasks.purge_history()
        assert not SecurityEvent.objects.exists()


def test_admin_reads_the_history_and_changes_nothing(
    user: User, signed_in: Browser, admin: User
) -> None:
    event = SecurityEvent.objects.get(user=user)
    change = reverse("admin:accounts_securityevent_change", args=[event.pk])
    client = as_(admin)

    shown = client.get(reverse("admin:accounts_securityevent_changelist"), {"q": user.email})
    assert "A new device signed in." in shown.content.decode()
    assert client.get(change).status_code == 200
    assert client.post(change, {"event": "x"}).status_code == 403
    assert client.post(reverse("admin:accounts_securityevent_add")).status_code == 403
    delete = reverse("admin:accounts_securityevent_delete", args=[event.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


def test_sign_in_to_django_admin_is_shown_with_its_network_and_a_new_browser(admin: User) -> None:
    browser = Client()
    form = {"username": admin.email, "password": PASSWORD}
    for _ in range(2):
        browser.post(reverse("admin:login"), form)

    [later_one, first] = history.list_of(admin.pk, now=timezone.now())
    assert (first.event, first.network) == ("admin_login", "127.0.0.0/24")
    assert history.sentence_for(first) == "A new browser signed in to the administration."
    assert history.sentence_for(later_one) == "A browser signed in to the administration."


@pytest.mark.parametrize(
    ("mode", "is_enrolled", "sentence"),
    [
        ("optional", True, "A sign-in was asked for the second factor."),
        ("required", False, "A sign-in was asked to set up a second factor."),
    ],
)
def test_sign_in_that_waits_for_the_second_factor_is_shown(
    mode: str, is_enrolled: bool, sentence: str, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    if is_enrolled:
        enrol(user)

    stranger(7).sign_in(user.email)

    event = SecurityEvent.objects.get(user=user)
    assert (history.sentence_for(event), event.network) == (sentence, "198.51.100.0/24")
