"""Invitation: an administrator invites a user, who then sets the password."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import refusal, signed_in_admin, signed_in_as
from tests.mailbox import emails_to, link_to
from tests.people import NEW_PASSWORD, make_user
from tests.queries import statements

pytestmark = pytest.mark.django_db

ADDRESS = "invited@example.test"
FORM = reverse("jwt_allauth_default_set_password")


@pytest.fixture(autouse=True)
def _by_invitation(settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = True


@pytest.fixture
def admin(db: None) -> Browser:
    return signed_in_admin()


@pytest.fixture
def link(admin: Browser) -> str:
    invite(admin)
    return link_to(ADDRESS)


@pytest.fixture
def opened(browser: Browser, link: str) -> Browser:
    """A browser that has opened the link."""
    browser.get(link)
    return browser


def invite(admin: Browser, email: str = ADDRESS, **fields: Any) -> Any:
    return admin.invite(email, **{"role": "STAFF"} | fields)


def invited() -> User:
    return User.objects.get(email=ADDRESS)


def test_from_the_mailbox_to_being_signed_in(browser: Browser, admin: Browser) -> None:
    response = invite(admin, first_name="Grace")
    assert (response.status_code, response.json()) == (201, {})

    response = browser.get(link_to(ADDRESS))
    assert (response.status_code, response["Location"]) == (302, FORM)
    assert ADDRESS in browser.get(FORM).content.decode()
    response = browser.accept()

    assert (response.status_code, response.json().keys()) == (200, {"access", "detail"})
    assert browser.call("get", "rest_user_details").json()["first_name"] == "Grace"
    assert Browser().sign_in(ADDRESS, NEW_PASSWORD).status_code == 200
    user = invited()
    assert (user.role, user.email_verified, user.invited_at) == ("STAFF", True, None)
    subjects = [email.subject for email in emails_to(ADDRESS)]
    assert subjects == ["You have been invited to Gatehouse"]


def test_invited_user_does_not_sign_in_before_accepting(link: str) -> None:
    assert Browser().sign_in(ADDRESS, "").status_code == 400
    assert Browser().sign_in(ADDRESS, NEW_PASSWORD).status_code == 401
    Browser().request_reset(ADDRESS)
    assert len(emails_to(ADDRESS)) == 1, "an invitation has no password to reset"


# Who may invite


@pytest.mark.parametrize("role", ["USER", "STAFF"])
@pytest.mark.parametrize("was", ["USER", "ADMIN"], ids=["always", "demoted"])
def test_only_administrators_invite(was: str, role: str) -> None:
    browser = signed_in_as(make_user(role=was))
    User.objects.update(role=role)

    assert refusal(invite(browser)) == (403, "permission_denied")
    assert not Mail.objects.exists()


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
    response = invite(admin, **{"email": ADDRESS} | fields)

    assert (response.status_code, response.json()["codes"].keys()) == (400, {named})
    assert User.objects.count() == 1
    assert not Mail.objects.exists()


# An address that is taken


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"role": "ADMIN", "is_superuser": True, "email_verified": False},
        {"role": "ADMIN", "email_verified": False},
        {"role": "STAFF", "email_verified": False},
        {"is_active": False, "email_verified": False},
    ],
    ids=["verified", "superuser", "admin", "staff", "closed"],
)
def test_account_in_use_is_not_taken_over(fields: dict[str, Any], admin: Browser) -> None:
    user = make_user(**fields)
    before = User.objects.values().get(pk=user.pk)

    response = invite(admin, user.email)

    assert (response.status_code, response.json()["codes"].keys()) == (400, {"email"})
    assert User.objects.values().get(pk=user.pk) == before
    assert not Mail.objects.exists()


def test_administrators_do_not_invite_themselves(db: None) -> None:
    user = make_user(role="ADMIN")
    browser = signed_in_as(user)
    User.objects.update(email_verified=False)

    assert invite(browser, user.email).status_code == 400


def test_account_that_is_taken_over_keeps_no_rights(admin: Browser) -> None:
    User.objects.filter(role="ADMIN").update(is_superuser=True)
    user = make_user(email=ADDRESS, email_verified=False)
    user.user_permissions.set(Permission.objects.filter(codename="delete_user"))
    user.groups.add(Group.objects.create(name="movers"))

    invite(admin)

    assert not user.user_permissions.exists()
    assert not user.groups.exists()


@pytest.mark.parametrize("had_factor", [True, False])
def test_email_says_that_the_second_factor_was_removed(had_factor: bool, admin: Browser) -> None:
    squatter = make_user(email=ADDRESS, email_verified=False)
    if had_factor:
        enrol(squatter)

    invite(admin)

    [email] = emails_to(ADDRESS)
    assert ("its second factor" in email.body) is had_factor


# Another invitation


def test_another_invitation_replaces_the_link_the_role_and_the_names(
    opened: Browser, admin: Browser, link: str
) -> None:
    assert invite(admin, role="USER", last_name="Hopper").status_code == 201

    assert opened.accept().status_code == 401
    assert opened.get(link).status_code == 400
    assert opened.get(link_to(ADDRESS)).status_code == 302
    user = invited()
    assert (user.role, user.first_name, user.last_name) == ("USER", "", "Hopper")


def test_email_of_a_replaced_invitation_is_not_sent(admin: Browser) -> None:
    invite(admin)
    invite(admin)

    assert len(emails_to(ADDRESS)) == 1


def test_pending_invitation_that_was_marked_verified_can_be_sent_again(
    browser: Browser, admin: Browser, link: str
) -> None:
    User.objects.filter(email=ADDRESS).update(email_verified=True)

    assert invite(admin).status_code == 201

    browser.get(link_to(ADDRESS))
    assert browser.accept().status_code == 200


def test_pending_user_with_a_permission_that_the_administrator_lacks_is_left_alone(
    admin: Browser, link: str
) -> None:
    invited().user_permissions.add(Permission.objects.get(codename="delete_user"))

    response = invite(admin)

    assert (response.status_code, response.json()["codes"].keys()) == (400, {"email"})
    assert invited().user_permissions.exists()


# Accepting


def test_link_works_without_verification_too(browser: Browser, link: str, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = "none"

    assert browser.get(link).status_code == 302


# The switch


@pytest.mark.parametrize("method", ["get", "post", "put"])
@pytest.mark.parametrize(
    ("name", "is_page"),
    [
        ("rest_user_register", False),
        ("rest_set_password", False),
        ("jwt_allauth_default_set_password", True),
    ],
)
def test_without_invitations_no_endpoint_exists(
    name: str, is_page: bool, method: str, browser: Browser, settings: Any
) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
    browser.access = "stale"

    response = browser.call(method, name, {})

    assert response.status_code == 404
    if is_page:
        assert "text/html" in response["Content-Type"]
    else:
        assert response.json()["code"] == "not_found"


def test_without_invitations_no_link_exists(browser: Browser, link: str, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False

    assert browser.get(link).status_code == 404


def test_invitations_and_registration_may_both_be_on(admin: Browser, settings: Any) -> None:
    settings.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION = False
    settings.JWT_ALLAUTH_INVITATIONS = True

    assert invite(admin).status_code == 201
    assert Browser().sign_up("new@example.test").status_code == 201


def test_query_counts(admin: Browser, browser: Browser) -> None:
    with statements(17):
        invite(admin)
    browser.get(link_to(ADDRESS))
    with statements(1):
        browser.get(FORM)
    with statements(15):
        browser.accept()
