"""Race conditions of sessions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import revocation, sign_in
from accounts.errors import IncorrectCredentials
from accounts.models import EmailChange, LoginChallenge, PendingSecret, Session, User
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.sessions import purge, store
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import signed_in_as, with_token
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, make_user, prove, save
from tests.races.concurrency import Elsewhere, at_once, overtaken, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


def refresh_with(token: str) -> tuple[int, str]:
    browser = with_token(token)
    return browser.refresh().status_code, browser.refresh_token


def test_fifty_refreshes_with_one_token_have_one_winner(signed_in: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    token = signed_in.refresh_token

    answers = at_once(50, lambda _: refresh_with(token))

    winners = [refreshed for status, refreshed in answers if status == 200]
    assert len(winners) == 1
    assert {status for status, _ in answers} == {200, 401}
    assert not Session.objects.exists(), "49 replays ended it"
    assert refresh_with(winners[0])[0] == 401


def test_copy_used_by_many_at_once_is_logged_and_told_once(
    signed_in: Browser, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    stolen = signed_in.refresh_token
    signed_in.refresh()

    answers = at_once(20, lambda _: refresh_with(stolen))

    assert {status for status, _ in answers} == {401}
    assert [record.message for record in caplog.records].count("refresh_replayed") == 1
    assert Mail.objects.filter(kind="refresh_replayed").count() == 1


def test_fifty_refreshes_within_the_leeway_get_the_same_token(
    signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 600
    token = signed_in.refresh_token

    answers = at_once(50, lambda _: refresh_with(token))

    assert {status for status, _ in answers} == {200}
    assert len({refreshed for _, refreshed in answers}) == 1
    assert Session.objects.count() == 1


def test_nothing_refreshes_after_logout_all_has_answered(user: User) -> None:
    leaver, *others = [signed_in_as(user) for _ in range(10)]

    def refresh_or_leave(number: int) -> int:
        if number == 0:
            return int(leaver.sign_out_everywhere().status_code)
        return int(others[number - 1].refresh().status_code)

    answers = at_once(10, refresh_or_leave)

    assert answers[0] == 200
    assert not Session.objects.exists()
    assert {browser.refresh().status_code for browser in others} == {401}


def complete_sign_in(credentials: Credentials) -> object:
    return sign_in.complete_sign_in(credentials, client=Client(None, ""), now=timezone.now())


def change_password(user: User) -> None:
    save(user, password=NEW_PASSWORD)


def close(user: User) -> None:
    save(user, is_active=False)


def demote(user: User) -> None:
    save(user, role=User.Role.USER)


@pytest.mark.parametrize(
    ("mode", "change"),
    [("disabled", change_password), ("required", change_password), ("optional", enrol)],
    ids=["new password", "new password, challenge", "second factor"],
)
def test_sign_in_with_credentials_that_are_being_changed_is_refused(
    mode: str, change: Callable[[User], object], user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    credentials = prove(user)
    assert credentials is not None

    with pytest.raises(IncorrectCredentials):
        overtaken(lambda: complete_sign_in(credentials), by=lambda: change(user))

    assert not Session.objects.exists()
    assert not LoginChallenge.objects.exists()


@pytest.mark.parametrize("change", [close, demote])
def test_refresh_of_an_account_that_is_being_changed_is_refused(
    change: Callable[[User], None], db: None
) -> None:
    admin = make_user(role=User.Role.ADMIN)
    browser = signed_in_as(admin)

    assert overtaken(browser.refresh, by=lambda: change(admin)).status_code == 401


def test_purge_spares_a_session_that_is_being_renewed(signed_in: Browser) -> None:
    expired = timezone.now() + timedelta(days=20)
    with Elsewhere() as elsewhere, transaction.atomic():
        Session.objects.update(expires_at=expired + timedelta(days=1))

        assert elsewhere.start(lambda: purge.purge(now=expired)).result(timeout=10) == 0


def test_of_two_password_changes_at_once_one_wins(user: User) -> None:
    browsers = [signed_in_as(user), signed_in_as(user)]
    phrases = ["the first good pass phrase", "the second good pass phrase"]

    def change(number: int) -> int:
        new = dict.fromkeys(("new_password1", "new_password2"), phrases[number])
        return int(browsers[number].change_password(**new).status_code)

    statuses = at_once(2, change)

    winner = statuses.index(200)
    assert statuses[1 - winner] in {400, 401}
    assert Browser().sign_in(user.email, phrases[winner]).status_code == 200
    assert Session.objects.count() == 2


def test_sign_ins_that_waited_together_leave_as_many_sessions_as_an_account_may_have(
    user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 2

    with Elsewhere(threads=5) as elsewhere:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            waiting = [elsewhere.start(lambda: Browser().sign_in(user.email)) for _ in range(5)]
            wait_until_blocked(5)
        assert {each.result(timeout=10).status_code for each in waiting} == {200}

    assert Session.objects.count() == 2


def revoke(session: Session) -> None:
    store.revoke(session_id=session.pk, user_id=session.user_id)


@pytest.mark.parametrize(
    ("method", "name", "body", "model"),
    [
        ("patch", "rest_user_details", {"email": "new@example.test"}, EmailChange),
        ("post", "jwt_allauth_mfa_setup", {}, PendingSecret),
    ],
)
def test_session_that_is_being_ended_begins_nothing(
    method: str, name: str, body: dict[str, str], model: Any, signed_in: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    session = Session.objects.get()

    response = overtaken(lambda: signed_in.call(method, name, body), by=lambda: revoke(session))

    assert response.status_code == 401
    assert not model.objects.exists()


def test_link_of_a_session_that_is_being_ended_moves_nothing(
    signed_in: Browser, user: User
) -> None:
    signed_in.change_profile(email="new@example.test")
    link, session = link_to("new@example.test"), Session.objects.get()

    response = overtaken(lambda: Browser().get(link), by=lambda: revoke(session))

    assert response.status_code == 400
    assert User.objects.get().email == user.email


def test_logout_everywhere_waits_for_a_change_of_address(user: User) -> None:
    thief, owner = signed_in_as(user), signed_in_as(user)
    thief.change_profile(email="new@example.test")
    asking = User.objects.select_related("email_change").get()

    with Elsewhere() as elsewhere:
        with transaction.atomic():
            change = email_addresses.complete_change(
                user=asking, email="new@example.test", now=timezone.now()
            )
            logout = elsewhere.start(owner.sign_out_everywhere)
            wait_until_blocked()
            assert change is not None
            revocation.revoke_others(asking, kept=change.session_id)

        assert logout.result(timeout=10).status_code == 200
    assert not Session.objects.exists()


def test_logout_everywhere_ends_a_session_that_is_being_opened(
    signed_in: Browser, user: User
) -> None:
    credentials = prove(user)
    assert credentials is not None

    def open_session() -> None:
        store.open_session(credentials=credentials, client=Client(None, ""), now=timezone.now())

    assert overtaken(signed_in.sign_out_everywhere, by=open_session).status_code == 200
    assert not Session.objects.exists()
