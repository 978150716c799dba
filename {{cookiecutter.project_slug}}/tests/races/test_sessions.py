"""What happens to sessions when two things happen at once."""

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
from accounts.services.sessions import purge, store
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.mailbox import link_to
from tests.people import PASSWORD, make_user, prove
from tests.races.concurrency import Elsewhere, at_once, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)


def refresh_with(token: str) -> tuple[int, str]:
    browser = Browser()
    browser.refresh_token = token
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


def test_one_copy_used_by_many_at_once_is_one_alarm_and_one_letter(
    signed_in: Browser, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = 0
    stolen = signed_in.refresh_token
    signed_in.refresh()

    answers = at_once(20, lambda _: refresh_with(stolen))

    assert {status for status, _ in answers} == {401}
    assert [record.message for record in caplog.records].count("refresh_replayed") == 1
    assert Mail.objects.filter(kind="refresh_replayed").count() == 1


def test_fifty_refreshes_within_the_leeway_get_one_and_the_same_token(signed_in: Browser) -> None:
    token = signed_in.refresh_token

    answers = at_once(50, lambda _: refresh_with(token))

    assert {status for status, _ in answers} == {200}
    assert len({refreshed for _, refreshed in answers}) == 1
    assert Session.objects.count() == 1


def test_nothing_refreshes_after_logout_all_has_answered(user: User) -> None:
    browsers = [Browser() for _ in range(10)]
    for browser in browsers:
        browser.sign_in(user.email)
    leaver, *others = browsers

    def refresh_or_leave(number: int) -> int:
        if number == 0:
            return int(leaver.call("post", "rest_logout_all", {}).status_code)
        return int(others[number - 1].refresh().status_code)

    answers = at_once(10, refresh_or_leave)

    assert answers[0] == 200
    assert not Session.objects.exists()
    assert {browser.refresh().status_code for browser in others} == {401}


@pytest.mark.parametrize("mode", ["disabled", "required"])
def test_login_in_flight_does_not_outlive_a_password_change(
    mode: str, user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = mode
    credentials = prove(user)
    assert credentials is not None
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            user.set_password("another good pass phrase")
            user.save()
            login = elsewhere.start(
                lambda: sign_in.complete_sign_in(
                    credentials, client=Client(None, ""), now=timezone.now()
                )
            )
            wait_until_blocked()

        with pytest.raises(IncorrectCredentials):
            login.result(timeout=10)
    assert not Session.objects.exists()
    assert not LoginChallenge.objects.exists()


def test_login_in_flight_does_not_slip_past_a_second_factor(user: User, settings: Any) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    credentials = prove(user)
    assert credentials is not None
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            enrol(user)
            login = elsewhere.start(
                lambda: sign_in.complete_sign_in(
                    credentials, client=Client(None, ""), now=timezone.now()
                )
            )
            wait_until_blocked()

        with pytest.raises(IncorrectCredentials):
            login.result(timeout=10)
    assert not Session.objects.exists()


def test_refresh_in_flight_does_not_bring_back_the_role_before_a_demotion(user: User) -> None:
    admin = make_user(role=User.Role.ADMIN)
    browser = Browser()
    browser.sign_in(admin.email)
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            admin.role = User.Role.USER
            admin.save()
            refresh = elsewhere.start(browser.refresh)
            wait_until_blocked()

        assert refresh.result(timeout=10).status_code == 401


def test_refresh_in_flight_does_not_outlive_a_closed_account(
    signed_in: Browser, user: User
) -> None:
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            user.is_active = False
            user.save()
            refresh = elsewhere.start(signed_in.refresh)
            wait_until_blocked()

        assert refresh.result(timeout=10).status_code == 401


def test_purge_spares_a_session_that_is_being_renewed(signed_in: Browser) -> None:
    expired = timezone.now() + timedelta(days=20)
    with Elsewhere() as elsewhere, transaction.atomic():
        Session.objects.update(expires_at=expired + timedelta(days=1))

        assert elsewhere.start(lambda: purge.purge(now=expired)).result(timeout=10) == 0


def test_of_two_password_changes_at_once_one_wins(user: User) -> None:
    browsers = [Browser(), Browser()]
    for browser in browsers:
        browser.sign_in(user.email)
    phrases = ["the first good pass phrase", "the second good pass phrase"]

    def change(number: int) -> int:
        new = phrases[number]
        body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        return int(browsers[number].call("post", "rest_password_change", body).status_code)

    statuses = at_once(2, change)

    winner = statuses.index(200)
    assert statuses[1 - winner] in {400, 401}
    assert Browser().sign_in(user.email, phrases[winner]).status_code == 200
    assert Session.objects.count() == 2


def test_twenty_sign_ins_at_once_leave_no_more_sessions_than_an_account_may_have(
    user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MAX_SESSIONS = 3

    statuses = at_once(20, lambda _: Browser().sign_in(user.email).status_code)

    assert statuses == [200] * 20
    assert 1 <= Session.objects.count() <= 3


def test_of_ten_copies_that_are_replayed_at_once_one_is_reported(user: User) -> None:
    owner = Browser()
    owner.sign_in(user.email)
    rotated = owner.refresh_token
    owner.refresh()
    owner.refresh()

    def replay(_: int) -> int:
        copy = Browser()
        copy.refresh_token = rotated
        return int(copy.refresh().status_code)

    assert at_once(10, replay) == [401] * 10
    assert Mail.objects.filter(kind="refresh_replayed").count() == 1


def test_session_that_ends_while_it_asks_for_an_address_asks_for_none(user: User) -> None:
    browser = Browser()
    browser.sign_in(user.email)
    session = Session.objects.select_related("user").get()
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            store.revoke(session_id=session.pk, user_id=user.pk)
            asking = elsewhere.start(
                lambda: browser.call("patch", "rest_user_details", {"email": "new@example.test"})
            )
            wait_until_blocked()

        assert asking.result(timeout=10).status_code == 401
    assert not EmailChange.objects.exists()


def test_session_that_ends_while_it_sets_up_a_second_factor_sets_up_none(
    user: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_MFA_TOTP_MODE = "optional"
    browser = Browser()
    browser.sign_in(user.email)
    session = Session.objects.get()
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            store.revoke(session_id=session.pk, user_id=user.pk)
            setting_up = elsewhere.start(lambda: browser.call("post", "jwt_allauth_mfa_setup", {}))
            wait_until_blocked()

        assert setting_up.result(timeout=10).status_code == 401
    assert not PendingSecret.objects.exists()


def test_link_that_is_opened_while_its_session_ends_moves_nothing(user: User) -> None:
    browser = Browser()
    browser.sign_in(user.email)
    browser.call("patch", "rest_user_details", {"email": "new@example.test"})
    link = link_to("new@example.test")
    session = Session.objects.get()
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            store.revoke(session_id=session.pk, user_id=user.pk)
            opening = elsewhere.start(lambda: Browser().get(link))
            wait_until_blocked()

        assert opening.result(timeout=10).status_code == 400
    assert User.objects.get().email == user.email


def test_signing_out_everywhere_waits_for_a_change_of_address(user: User) -> None:
    thief, owner = Browser(), Browser()
    for browser in (thief, owner):
        browser.sign_in(user.email)
    thief.call("patch", "rest_user_details", {"email": "new@example.test"})
    asking = User.objects.select_related("email_change").get()
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            change = email_addresses.complete_change(
                user=asking, email="new@example.test", now=timezone.now()
            )
            signing_out = elsewhere.start(lambda: owner.call("post", "rest_logout_all", {}))
            wait_until_blocked()
            assert change is not None
            revocation.revoke_others(asking, kept=change.session_id)

        assert signing_out.result(timeout=10).status_code == 200
    assert not Session.objects.exists()


def test_signing_out_everywhere_ends_a_session_that_is_just_being_opened(user: User) -> None:
    owner = Browser()
    owner.sign_in(user.email)
    credentials = prove(user)
    assert credentials is not None
    with Elsewhere() as elsewhere:
        with transaction.atomic():
            store.open_session(credentials=credentials, client=Client(None, ""), now=timezone.now())
            signing_out = elsewhere.start(lambda: owner.call("post", "rest_logout_all", {}))
            wait_until_blocked()

        assert signing_out.result(timeout=10).status_code == 200
    assert not Session.objects.exists()
