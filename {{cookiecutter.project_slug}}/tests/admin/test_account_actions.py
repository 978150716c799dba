"""Django admin shows the state of accounts, and administrators act on them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.admin import actions
from accounts.admin.users import UserAdmin
from accounts.errors import ClosingRefused
from accounts.flows import closing as closing_flow
from accounts.models import (
    EmailChange,
    FailedMfaAttempt,
    LoginChallenge,
    SecurityEvent,
    Session,
    User,
)
from accounts.services import closed_accounts
from mail.models import Mail
from tests.admin.steps import LIST, act, as_, is_in, with_permissions
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.flows.steps import signed_in_as
from tests.limits import Rates
from tests.mailbox import emails_to, link_to
from tests.people import make_user, save
from tests.queries import statements

pytestmark = pytest.mark.django_db

INVITE = reverse("admin:accounts_user_invite")
GUEST = "guest@example.test"


@pytest.fixture(autouse=True)
def _invitations(settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True


def page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def show(actor: User, path: str, **query: str) -> str:
    return str(as_(actor).get(path, query).content.decode())


def text(response: Any) -> str:
    return str(response.content.decode())


def invite(actor: User, **fields: str) -> Any:
    names = {"email": GUEST, "role": "USER", "first_name": "Ada", "last_name": "Lovelace"}
    return as_(actor).post(INVITE, names | fields, follow=True)


# State


def verify(user: User) -> None:
    pass


def withdraw(user: User) -> None:
    save(user, email_verified=False)


def invited(user: User) -> None:
    save(user, email_verified=False, invited_at=timezone.now(), password=None)


def deactivate(user: User) -> None:
    save(user, is_active=False)


def close(user: User) -> None:
    closing_flow.close(user, now=timezone.now())


def request_address(user: User) -> None:
    signed_in_as(user).change_profile(email="new@example.test")


def lock(user: User) -> None:
    for minutes in range(10):
        at = timezone.now() - timedelta(minutes=minutes)
        FailedMfaAttempt.objects.create(user=user, at=at)


SHOWN: dict[str, Callable[[User], Any]] = {
    "Verified": verify,
    "Not verified": withdraw,
    "Invited": invited,
    "Inactive": deactivate,
    "Closing until": close,
    "New address pending": request_address,
    "MFA": enrol,
    "MFA locked": lock,
}


@pytest.mark.parametrize("label", SHOWN)
def test_state_is_shown_in_the_list_and_on_the_page(label: str, admin: User, user: User) -> None:
    badge = f'account-state account-{label.split()[-1].lower()}">' if "MFA" in label else ">"
    before = show(admin, LIST, q=user.email).count(f"{badge}{label}")
    SHOWN[label](user)

    # The filter has some of the words, too.
    expected = before if label == "Verified" else before + 1
    assert show(admin, LIST, q=user.email).count(f"{badge}{label}") == expected
    assert label in show(admin, page_of(user))


@pytest.mark.parametrize(("minutes", "is_locked"), [(0, True), (14, True), (16, False)])
def test_lock_is_shown_while_it_lasts(
    minutes: int, is_locked: bool, admin: User, user: User
) -> None:
    for second in range(10):
        at = timezone.now() - timedelta(minutes=minutes, seconds=second)
        FailedMfaAttempt.objects.create(user=user, at=at)

    assert ("MFA locked" in show(admin, page_of(user))) == is_locked


def test_attempts_in_more_than_a_quarter_of_an_hour_lock_nothing(admin: User, user: User) -> None:
    for minutes in range(0, 20, 2):
        at = timezone.now() - timedelta(minutes=minutes)
        FailedMfaAttempt.objects.create(user=user, at=at)

    assert "MFA locked" not in show(admin, page_of(user))


def test_live_sessions_are_counted(admin: User, user: User) -> None:
    signed_in_as(user)
    with later(60 * 60):
        signed_in_as(user)
        signed_in_as(user)
        shown = show(admin, page_of(user))

    assert "3 live, used 0\xa0minutes ago" in shown
    with later(100 * 86_400):
        assert "No session" in show(admin, LIST, q=user.email)


def test_second_factors_are_named(admin: User, user: User) -> None:
    assert "Authenticator app" not in show(admin, page_of(user))
    enrol(user)

    assert "Authenticator app, Recovery codes (10)" in show(admin, page_of(user))


def test_list_costs_the_same_for_any_number_of_users(admin: User) -> None:
    client = as_(admin)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    for state in (request_address, enrol, lock, invited):
        state(make_user())
    few = cost()
    for _ in range(3):
        for state in (request_address, enrol, lock, invited):
            state(make_user())

    assert cost() == few == 5


def test_page_costs_the_same_for_any_number_of_sessions(admin: User, user: User) -> None:
    client = as_(admin)
    # The first request reads a content type. Each list of a feature costs one more.
    client.get(page_of(user))
    cost = 7 + len(UserAdmin.inlines)
    for _ in range(3):
        signed_in_as(user)
        with statements(cost):
            client.get(page_of(user))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "active"}, {"verify", "staff", "root"}),
        ({"state": "unverified"}, {"withdraw"}),
        ({"state": "invited"}, {"invited"}),
        ({"state": "inactive"}, {"deactivate"}),
        ({"state": "closing"}, {"close"}),
        ({"role__exact": "STAFF"}, {"staff"}),
        ({"has_second_factor__exact": "1"}, {"staff"}),
    ],
)
def test_list_is_filtered(query: dict[str, str], found: set[str], admin: User) -> None:
    for state in (verify, withdraw, invited, deactivate, close):
        state(make_user(email=f"{state.__name__}@example.test"))
    enrol(make_user(email="staff@example.test", role="STAFF"))

    page = as_(admin).get(LIST, query)

    shown = {user.email.partition("@")[0] for user in page.context["cl"].result_list}
    assert shown == found


@pytest.mark.parametrize("spelling", [str, str.upper, lambda text: f" {text} "])
def test_account_is_found_by_its_id(
    spelling: Callable[[str], str], admin: User, user: User
) -> None:
    page = as_(admin).get(LIST, {"q": spelling(str(user.pk))})

    assert list(page.context["cl"].result_list) == [user]


@pytest.mark.parametrize("words", ["ada@Example.test", "lovelace", "Ada Lovelace"])
def test_account_is_found_by_address_and_name(words: str, admin: User) -> None:
    ada = make_user(email="ada@example.test", first_name="Ada", last_name="Lovelace")
    make_user(first_name="Grace", last_name="Hopper")

    page = as_(admin).get(LIST, {"q": words})

    assert list(page.context["cl"].result_list) == [ada]


def test_sessions_and_events_of_one_account_are_linked(admin: User, user: User) -> None:
    signed_in_as(user)
    signed_in_as(make_user())

    for name in ("session", "securityevent"):
        path = reverse(f"admin:accounts_{name}_changelist") + f"?user__id__exact={user.pk}"
        assert path in show(admin, page_of(user))
        rows = as_(admin).get(path).context["cl"].result_list
        assert {row.user for row in rows} == {user}


# Acting


BUTTONS: dict[str, tuple[Callable[[User], Any], set[str]]] = {
    "verified": (verify, {"end_sessions", "close_accounts"}),
    "unverified": (withdraw, {"end_sessions", "close_accounts", "send_verification_again"}),
    "invited": (invited, {"end_sessions", "close_accounts", "send_invitation_again"}),
    "inactive": (deactivate, set()),
    "closing": (close, {"reopen_accounts"}),
    "with a second factor": (enrol, {"end_sessions", "close_accounts", "reset_second_factor"}),
}


@pytest.mark.parametrize("case", BUTTONS)
def test_page_has_the_buttons_that_make_sense(case: str, admin: User, user: User) -> None:
    become, expected = BUTTONS[case]
    become(user)

    context = as_(admin).get(page_of(user)).context

    assert {name for name, _label in context["buttons"]} == expected


def test_own_page_has_no_buttons(admin: User) -> None:
    assert as_(admin).get(page_of(admin)).context["buttons"] == []


@pytest.mark.parametrize(("role", "right"), [("STAFF", "change_user"), ("ADMIN", "view_user")])
def test_page_has_no_buttons_without_the_right(role: str, right: str, user: User) -> None:
    actor = with_permissions(role, "view_user", right)
    withdraw(user)

    assert as_(actor).get(page_of(user)).context["buttons"] == []


@pytest.mark.parametrize("action", ["end_sessions", "reset_second_factor", "close_accounts"])
def test_what_cannot_be_undone_is_confirmed(action: str, admin: User, user: User) -> None:
    signed_in_as(user)
    enrol(user)

    asked = act(admin, action, user, confirmed="")

    assert user.email in asked
    assert 'name="confirmed"' in asked
    assert Session.objects.filter(user=user).exists()
    assert not LogEntry.objects.exists()


def test_button_leads_back_to_the_page(admin: User, user: User) -> None:
    form = {"action": "close_accounts", "_selected_action": str(user.pk), "confirmed": "yes"}

    response = as_(admin).post(LIST, {**form, "from_page": "yes"}, follow=True)

    assert response.redirect_chain == [(page_of(user), 302)]
    assert "Closed the account." in text(response)


def test_button_that_changes_nothing_says_so(admin: User, user: User) -> None:
    assert "Nothing was changed." in act(admin, "reopen_accounts", user, from_page="yes")


def test_administrator_reads_the_own_language_and_the_log_is_in_english(
    admin: User, user: User
) -> None:
    form = {"action": "close_accounts", "_selected_action": str(user.pk), "confirmed": "yes"}
    german = {"Accept-Language": "de"}
    response = as_(admin).post(LIST, {**form, "from_page": "yes"}, headers=german, follow=True)

    assert "Das Konto wurde geschlossen." in text(response)
    assert LogEntry.objects.get().change_message == "Closed the account."


def test_many_users_are_confirmed_and_too_many_are_refused(admin: User) -> None:
    names = (f"user{number}@example.test" for number in range(actions.MAX_USERS))
    User.objects.bulk_create(User(email=name, password="!") for name in names)
    everyone = {"action": "end_sessions", "_selected_action": str(admin.pk), "select_across": "1"}

    refused = as_(admin).post(LIST, everyone, follow=True)
    User.objects.filter(email="user0@example.test").delete()
    asked = as_(admin).post(LIST, everyone)

    assert "Select 500 users or fewer." in text(refused)
    assert text(asked).count('name="_selected_action"') == actions.MAX_USERS
    chosen = [str(pk) for pk in User.objects.values_list("pk", flat=True)]
    form = {"action": "reopen_accounts", "_selected_action": chosen}
    assert as_(admin).post(LIST, form).status_code == 302


DONE: dict[str, tuple[Callable[[User], Any], str]] = {
    "send_invitation_again": (invited, "invited"),
    "send_verification_again": (withdraw, "verification_resent"),
    "end_sessions": (verify, "signed_out"),
    "reset_second_factor": (enrol, "second_factor_reset"),
    "close_accounts": (verify, "account_closing"),
    "reopen_accounts": (close, "account_reopened"),
}


@pytest.mark.parametrize("action", DONE)
def test_act_is_logged_with_the_administrator(action: str, admin: User, user: User) -> None:
    become, event = DONE[action]
    become(user)

    act(admin, action, user)

    row = SecurityEvent.objects.filter(user=user, event=event).latest("at")
    assert (row.facts["by"], row.network) == (str(admin.pk), "")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin, str(user.pk))


@pytest.mark.parametrize("action", DONE)
@pytest.mark.parametrize("case", ["staff", "own", "superuser", "more permissions", "may only view"])
def test_act_is_refused(action: str, case: str, admin: User, user: User) -> None:
    rights = ["view_user"] if case == "may only view" else ["view_user", "change_user"]
    actor = with_permissions("STAFF" if case == "staff" else "ADMIN", *rights)
    more = with_permissions("USER", "delete_user")
    target = {"own": actor, "superuser": admin, "more permissions": more}.get(case, user)
    DONE[action][0](target)
    before = SecurityEvent.objects.filter(facts__has_key="by").count()
    actor.refresh_from_db()

    act(User.objects.get(pk=actor.pk), action, target)

    assert SecurityEvent.objects.filter(facts__has_key="by").count() == before
    assert not LogEntry.objects.exists()


def test_signing_out_ends_everything_that_is_open(admin: User) -> None:
    target = make_user(role="STAFF")
    owner, client = signed_in_as(target), as_(target)
    owner.change_profile(email="new@example.test")
    assert is_in(client)

    assert "Users signed out: 1. Not signed out: 0." in act(admin, "end_sessions", target)

    assert owner.refresh().status_code == 401
    assert not is_in(client)
    assert not EmailChange.objects.exists()
    assert not LoginChallenge.objects.exists()
    details = [
        row["detail"] for row in signed_in_as(target).call("get", "user_history").json()["results"]
    ]
    assert "An administrator signed out every device." in details


def test_verification_is_sent_again_and_verifies(admin: User, user: User) -> None:
    withdraw(user)

    assert "E-mails sent again: 1." in act(admin, "send_verification_again", user)

    assert emails_to(user.email)[-1].subject == "Verify your e-mail address"
    Browser().get(link_to(user.email))
    assert User.objects.get(pk=user.pk).email_verified


@pytest.mark.parametrize("become", [verify, invited, deactivate, close])
def test_verification_is_sent_to_nobody_else(
    become: Callable[[User], Any], admin: User, user: User
) -> None:
    become(user)
    Mail.objects.all().delete()

    assert "E-mails sent again: 0." in act(admin, "send_verification_again", user)
    assert not Mail.objects.exists()


def test_verification_is_sent_to_an_invited_user_with_a_password(admin: User, user: User) -> None:
    save(user, email_verified=False, invited_at=timezone.now())
    Mail.objects.all().delete()

    assert "E-mails sent again: 1." in act(admin, "send_verification_again", user)


def test_verification_is_limited(admin: User, user: User, rates: Rates) -> None:
    rates(mailbox_account="1/hour")
    withdraw(user)
    act(admin, "send_verification_again", user)

    assert "E-mails sent again: 0." in act(admin, "send_verification_again", user)


def test_reason_of_a_refused_closing_is_shown(
    admin: User, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_account: User) -> None:
        raise ClosingRefused("Cancel the subscription first.")

    monkeypatch.setattr(closed_accounts, "hooks", [refuse])

    shown = act(admin, "close_accounts", user)

    assert "Accounts closed: 0. Not closed: 1." in shown
    assert f"Cancel the subscription first. ({user.email})" in shown
    assert User.objects.get(pk=user.pk).is_active


def test_last_administrator_is_not_closed(user: User) -> None:
    staff = with_permissions("ADMIN", "view_user", "change_user")
    last = with_permissions("ADMIN", "view_user")
    User.objects.filter(pk=staff.pk).update(invited_at=timezone.now(), password="!")

    act(User.objects.get(pk=staff.pk), "close_accounts", last)

    assert User.objects.get(pk=last.pk).is_active


# Inviting


def test_administrator_invites(admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(first_name="Grace", last_name="Hopper")
    assert INVITE in show(admin, LIST)

    response = invite(User.objects.get(pk=admin.pk), role="STAFF")

    guest = User.objects.get(email=GUEST)
    assert response.redirect_chain == [(page_of(guest), 302)]
    assert (guest.role, guest.get_full_name(), guest.is_invited) == ("STAFF", "Ada Lovelace", True)
    assert "Grace Hopper has invited you" in emails_to(GUEST)[-1].body
    owner = Browser()
    owner.get(link_to(GUEST))
    assert owner.accept().status_code == 200


def test_invitation_is_in_both_logs(admin: User) -> None:
    invite(admin)

    guest = User.objects.get(email=GUEST)
    event = SecurityEvent.objects.get(user=guest)
    assert (event.event, event.facts["by"]) == ("invited", str(admin.pk))
    assert LogEntry.objects.get().object_id == str(guest.pk)


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("person@example.test", "already exists"),
        ("", "required"),
        ("nonsense", "valid"),
        ("a@xn--a.example", "invalid"),
    ],
)
def test_address_that_cannot_be_invited_is_named(email: str, says: str, admin: User) -> None:
    make_user(email="person@example.test")

    response = invite(admin, email=email)

    assert says in text(response)
    assert not Mail.objects.exists()


def test_invitations_are_limited(admin: User, rates: Rates) -> None:
    rates(invitation_account="1/hour")
    invite(admin)

    assert "Too many e-mails were sent to it." in text(invite(admin))
    assert Mail.objects.count() == 1


@pytest.mark.parametrize("role", ["STAFF", "ADMIN"])
def test_inviting_takes_an_administrator_who_may_add_users(role: str) -> None:
    rights = ["view_user", "add_user"] if role == "STAFF" else ["view_user"]
    actor = with_permissions(role, *rights)

    assert invite(actor).status_code == 403
    assert INVITE not in show(actor, LIST)
    assert not User.objects.filter(email=GUEST).exists()


def test_inviting_is_off_with_the_setting(admin: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = False

    assert invite(admin).status_code == 403
    assert INVITE not in show(admin, LIST)


def test_form_of_another_site_invites_nobody(admin: User) -> None:
    origin = {"Origin": "https://evil.example.test"}

    assert as_(admin).post(INVITE, {"email": GUEST}, headers=origin).status_code == 403
