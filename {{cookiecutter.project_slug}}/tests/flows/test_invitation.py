"""Invitation: an admin lets somebody in, who then sets the password."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db.models import ProtectedError, RestrictedError
from django.urls import reverse
from django.utils import timezone

from accounts.link_cookies import INVITATION_COOKIE
from accounts.models import Session, User
from accounts.services import unused_accounts
from accounts.tasks import purge_unused_accounts
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.clock import later
from tests.mailbox import letters_to, link_to
from tests.people import PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "invited@example.test"
NEW = "a pass phrase of my own"
WEEK = 7 * 86_400
FORM = reverse("jwt_allauth_default_set_password")


@pytest.fixture(autouse=True)
def _by_invitation(settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True


@pytest.fixture
def admin() -> Browser:
    browser = Browser()
    browser.sign_in(make_user(role=User.Role.ADMIN).email)
    return browser


@pytest.fixture
def link(admin: Browser) -> str:
    invite(admin)
    return link_to(ADDRESS)


def invite(admin: Browser, email: str = ADDRESS, **fields: Any) -> Any:
    return admin.call("post", "rest_user_register", {"email": email, "role": "STAFF"} | fields)


def accept(browser: Browser, password: str = NEW, **fields: Any) -> Any:
    return browser.set_password("rest_set_password", password, **fields)


def test_from_the_mailbox_to_being_signed_in(browser: Browser, admin: Browser) -> None:
    response = invite(admin, first_name="Grace")
    assert (response.status_code, response.json()) == (201, {})

    response = browser.get(link_to(ADDRESS))
    assert (response.status_code, response["Location"]) == (302, FORM)
    page = browser.get(FORM)
    assert page.status_code == 200
    assert ADDRESS in page.content.decode()
    response = accept(browser)

    assert (response.status_code, set(response.json())) == (200, {"access", "detail"})
    assert browser.call("get", "rest_user_details").json()["first_name"] == "Grace"
    assert Browser().sign_in(ADDRESS, NEW).status_code == 200
    user = User.objects.get(email=ADDRESS)
    assert (user.role, user.email_verified, user.invited_at) == ("STAFF", True, None)


def test_nobody_gets_in_before_it_is_accepted(link: str) -> None:
    assert Browser().sign_in(ADDRESS, "").status_code == 400
    assert Browser().sign_in(ADDRESS, NEW).status_code == 401
    Browser().call("post", "rest_password_reset", {"email": ADDRESS})
    assert len(letters_to(ADDRESS)) == 1, "an invitation has no password to reset"


@pytest.mark.parametrize("role", ["USER", "STAFF"])
def test_nobody_but_an_admin_invites(role: str) -> None:
    browser = Browser()
    browser.sign_in(make_user(role=role).email)

    response = invite(browser)

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert not Mail.objects.exists()


def test_admin_who_is_none_any_more_does_not_invite(admin: Browser) -> None:
    User.objects.update(role=User.Role.USER)

    assert invite(admin).status_code == 403, "the row decides, not the token"


def test_anonymous_and_ended_sessions_do_not_invite(browser: Browser, admin: Browser) -> None:
    Session.objects.all().delete()

    assert invite(browser).status_code == 401
    assert invite(admin).status_code == 401


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"email": "no address"}, "email"),
        ({"email": None}, "email"),
        ({"role": "EMPEROR"}, "role"),
        ({"role": None}, "role"),
        ({"first_name": "www.evil.example"}, "first_name"),
        ({"last_name": "x" * 151}, "last_name"),
    ],
)
def test_refused_field_is_named_and_nothing_happens(
    fields: dict[str, Any], named: str, admin: Browser
) -> None:
    body = {"email": ADDRESS, "role": "USER"} | fields

    response = admin.call("post", "rest_user_register", body)

    assert (response.status_code, set(response.json())) == (400, {named})
    assert User.objects.count() == 1
    assert not Mail.objects.exists()


def superuser() -> User:
    return make_user(role="ADMIN", is_superuser=True, email_verified=False)


def staff() -> User:
    return make_user(role="STAFF", email_verified=False)


def closed() -> User:
    return make_user(is_active=False, email_verified=False)


@pytest.mark.parametrize("held", [make_user, superuser, staff, closed])
def test_account_that_is_not_to_be_taken_over_is_left_alone(held: Any, admin: Browser) -> None:
    person = held()
    before = User.objects.values().get(pk=person.pk)

    response = invite(admin, person.email)

    assert (response.status_code, set(response.json())) == (400, {"email"})
    assert User.objects.values().get(pk=person.pk) == before
    assert not Mail.objects.exists()


def test_nobody_invites_themselves() -> None:
    browser = Browser()
    person = make_user(role="ADMIN")
    browser.sign_in(person.email)
    User.objects.update(email_verified=False)

    assert invite(browser, person.email).status_code == 400


def test_nobody_deposes_an_admin_by_inviting_them(admin: Browser) -> None:
    other = make_user(role="ADMIN", email_verified=False)

    assert invite(admin, other.email, role="USER").status_code == 400

    other.refresh_from_db()
    assert (other.role, other.has_usable_password()) == ("ADMIN", True)


def test_account_that_is_taken_over_keeps_no_rights(admin: Browser) -> None:
    User.objects.filter(role="ADMIN").update(is_superuser=True)
    person = make_user(email=ADDRESS, email_verified=False)
    person.user_permissions.set(Permission.objects.filter(codename="delete_user"))
    person.groups.add(Group.objects.create(name="movers"))

    invite(admin)

    assert not person.user_permissions.exists()
    assert not person.groups.exists()


def test_pending_invitation_that_an_admin_marked_verified_can_be_renewed(
    browser: Browser, admin: Browser, link: str
) -> None:
    User.objects.filter(email=ADDRESS).update(email_verified=True)

    assert invite(admin).status_code == 201

    browser.get(link_to(ADDRESS))
    assert accept(browser).status_code == 200


def test_inviting_again_replaces_the_link_the_role_and_the_names(
    browser: Browser, admin: Browser, link: str
) -> None:
    assert invite(admin, role="USER", last_name="Hopper").status_code == 201

    assert browser.get(link).status_code == 400
    assert browser.get(link_to(ADDRESS)).status_code == 302
    user = User.objects.get(email=ADDRESS)
    assert (user.role, user.first_name, user.last_name) == ("USER", "", "Hopper")


def test_letter_of_an_invitation_that_was_replaced_is_not_sent(admin: Browser) -> None:
    invite(admin)
    invite(admin)

    assert len(letters_to(ADDRESS)) == 1


def test_cookie_of_an_invitation_that_was_replaced_is_dead(
    browser: Browser, admin: Browser, link: str
) -> None:
    browser.get(link)
    invite(admin)

    assert accept(browser).status_code == 401


def test_invitation_works_without_verification_too(
    browser: Browser, link: str, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = "none"

    assert browser.get(link).status_code == 302


def test_scanner_that_was_there_before_is_in_nobodys_way(browser: Browser, link: str) -> None:
    scanner = Browser()
    assert not scanner.head(link).cookies
    scanner.get(link)
    scanner.get(link)

    browser.get(link)

    assert accept(browser).status_code == 200


def test_link_hands_over_a_cookie_that_scripts_cannot_read(browser: Browser, link: str) -> None:
    response = browser.get(link)

    cookie = response.cookies["set_password_access_token"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["path"] == "/api/auth/registration/set-password/"
    assert cookie["max-age"] == 900
    assert "csrftoken" in response.cookies
    assert response["Referrer-Policy"] == "no-referrer"


def test_front_end_is_led_to_where_there_is_one(browser: Browser, link: str, settings: Any) -> None:
    settings.PASSWORD_SET_REDIRECT = "https://app.example.test/join"

    assert browser.get(link)["Location"] == "https://app.example.test/join"
    assert browser.get(FORM).status_code == 404


def test_form_without_a_good_cookie_says_so(browser: Browser) -> None:
    response = browser.get(FORM)

    assert response.status_code == 400
    assert "invited you" in response.content.decode()


def test_accepting_sends_no_letter_about_a_changed_password(browser: Browser, link: str) -> None:
    browser.get(link)
    accept(browser)

    assert [letter.subject for letter in letters_to(ADDRESS)] == [
        "You have been invited to Gatehouse"
    ]


def test_without_any_cookie_nothing_is_set(browser: Browser, link: str) -> None:
    response = accept(browser)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def test_refused_password_does_not_spend_the_cookie(browser: Browser, link: str) -> None:
    browser.get(link)

    assert set(accept(browser, "password").json()) == {"new_password1"}
    assert accept(browser).status_code == 200


def test_cookie_and_link_are_dead_once_it_is_accepted(browser: Browser, link: str) -> None:
    browser.get(link)
    spent = browser.cookies[INVITATION_COOKIE.name].value
    accept(browser)
    browser.cookies[INVITATION_COOKIE.name] = spent

    assert accept(browser, "a third good pass phrase").status_code == 401
    assert Browser().get(link).status_code == 400


def test_other_site_that_cannot_read_the_csrf_cookie_sets_nothing(
    browser: Browser, link: str
) -> None:
    browser.get(link)
    body = {"new_password1": NEW, "new_password2": NEW}

    response = browser.call("post", "rest_set_password", body)

    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


def test_link_lives_a_week(browser: Browser, link: str) -> None:
    with later(WEEK - 10):
        assert browser.get(link).status_code == 302
    with later(WEEK + 1):
        assert browser.get(link).status_code == 400


def test_expired_invitation_is_purged_and_frees_its_address(link: str, settings: Any) -> None:
    with later(WEEK - 10):
        purge_unused_accounts()
        assert User.objects.filter(email=ADDRESS).exists()
    with later(WEEK + 10):
        purge_unused_accounts()

    assert not User.objects.filter(email=ADDRESS).exists()
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
    assert Browser().sign_up(ADDRESS).status_code == 201
    assert User.objects.filter(email=ADDRESS).exists()


@pytest.mark.parametrize(("mode", "left"), [("mandatory", 0), ("optional", 1), ("none", 1)])
def test_account_that_was_signed_in_to_before_is_not_purged(
    mode: str, left: int, admin: Browser, settings: Any
) -> None:
    settings.EMAIL_VERIFICATION = mode
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
    Browser().sign_up(ADDRESS)
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True
    invite(admin)

    with later(WEEK + 10):
        purge_unused_accounts()

    assert User.objects.filter(email=ADDRESS).count() == left


def test_invitation_that_was_renewed_is_purged_a_week_after_that(admin: Browser, link: str) -> None:
    with later(WEEK - 10):
        admin.sign_in(User.objects.get(role="ADMIN").email)
        invite(admin)
    with later(WEEK + 10):
        purge_unused_accounts()
        assert User.objects.filter(email=ADDRESS).exists()
    with later(2 * WEEK + 10):
        purge_unused_accounts()
        assert not User.objects.filter(email=ADDRESS).exists()


@pytest.mark.parametrize("refused", [ProtectedError, RestrictedError])
def test_account_that_other_rows_hold_on_to_stops_no_purge(
    refused: Any, admin: Browser, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(admin, "another@example.test")
    delete = User.delete

    def delete_unless_held(user: User) -> Any:
        if user.email == ADDRESS:
            raise refused("rows refer to it", set())
        return delete(user)

    monkeypatch.setattr(User, "delete", delete_unless_held)

    with later(WEEK + 10):
        assert unused_accounts.purge(now=timezone.now()) == 1

    assert User.objects.filter(email=ADDRESS).exists()
    assert not User.objects.filter(email="another@example.test").exists()


def test_accepted_invitation_is_never_purged(browser: Browser, link: str) -> None:
    browser.get(link)
    accept(browser)

    with later(10 * WEEK):
        purge_unused_accounts()

    assert User.objects.filter(email=ADDRESS).exists()


def test_invited_person_whom_an_admin_gave_a_password_is_not_purged(link: str) -> None:
    user = User.objects.get(email=ADDRESS)
    user.set_password(PASSWORD)
    user.save()

    with later(WEEK + 10):
        purge_unused_accounts()

    assert User.objects.filter(email=ADDRESS).exists()


def test_pending_person_with_a_permission_that_the_admin_lacks_is_left_alone(
    admin: Browser, link: str
) -> None:
    user = User.objects.get(email=ADDRESS)
    user.user_permissions.add(Permission.objects.get(codename="delete_user"))

    response = invite(admin)

    assert (response.status_code, set(response.json())) == (400, {"email"})
    assert user.user_permissions.exists()


def test_purging_tells_how_many(link: str) -> None:
    with later(WEEK + 10):
        assert unused_accounts.purge(now=timezone.now()) == 1


def test_purging_is_scheduled(settings: Any) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert purge_unused_accounts.name in scheduled


PLACES = ["rest_user_register", "rest_set_password", "jwt_allauth_default_set_password"]


@pytest.mark.parametrize("method", ["get", "post", "put"])
@pytest.mark.parametrize("name", PLACES)
def test_where_nobody_is_invited_there_is_nothing_here(
    name: str, method: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
    browser.access = "stale"

    response = browser.call(method, name, {})

    assert response.status_code == 404
    is_page = name == "jwt_allauth_default_set_password"
    assert ("text/html" if is_page else '"not_found"') in f"{response.headers}{response.content!r}"


def test_where_nobody_is_invited_a_link_is_nothing(
    browser: Browser, link: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False

    assert browser.get(link).status_code == 404


def test_both_ways_in_may_be_open_at_once(admin: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
    settings.JWT_ALLAUTH_INVITATIONS = True

    assert invite(admin).status_code == 201
    assert Browser().sign_up("new@example.test").status_code == 201


def test_inviting_somebody_new_costs_fifteen_queries(admin: Browser) -> None:
    with statements(15):
        invite(admin)


def test_opening_the_link_and_the_form_costs_one_query_each(browser: Browser, link: str) -> None:
    with statements(1):
        browser.get(link)
    with statements(1):
        browser.get(FORM)


def test_accepting_costs_eleven_queries(browser: Browser, link: str) -> None:
    browser.get(link)

    with statements(11):
        accept(browser)


@pytest.mark.parametrize("had_factor", [True, False])
def test_invitation_tells_of_a_second_factor_that_it_has_removed(
    had_factor: bool, admin: Browser
) -> None:
    squatter = make_user(email=ADDRESS, email_verified=False)
    if had_factor:
        enrol(squatter)

    invite(admin)

    [message] = letters_to(ADDRESS)
    assert ("its second factor" in message.body) is had_factor
