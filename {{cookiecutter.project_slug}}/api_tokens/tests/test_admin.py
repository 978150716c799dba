"""Django admin ends tokens, and makes those of service accounts."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from api_tokens.models import ApiToken
from api_tokens.secret import SHAPE, Secret
from api_tokens.tests.steps import HOUR, created, use
from tests.admin.steps import as_
from tests.authenticator import enrol
from tests.client import Browser
from tests.flows.steps import refusal
from tests.mailbox import emails_to
from tests.people import make_user

pytestmark = pytest.mark.django_db

ADD = reverse("admin:api_tokens_apitoken_add")
LIST = reverse("admin:api_tokens_apitoken_changelist")


@pytest.fixture
def robot(db: None) -> User:
    """A service account."""
    return make_user(password=None)


def make(actor: User, user: User, **fields: Any) -> Any:
    form = {"user": str(user.pk), "name": "Import", "scopes": ["orders:read"], "days": 30}
    return as_(actor).post(ADD, {**form, **fields})


def errors_of(response: Any) -> str:
    return str(response.context["adminform"].form.errors)


def staff_with(*codenames: str, **fields: Any) -> User:
    actor = make_user(**{"role": User.Role.STAFF, **fields})
    found = Permission.objects.filter(codename__in=[f"{name}_apitoken" for name in codenames])
    actor.user_permissions.set(found)
    return actor


def test_token_of_a_service_account_is_shown_once(admin: User, robot: User) -> None:
    response = make(admin, robot)

    found = re.search(f"shop_{SHAPE}", response.content.decode())
    assert found
    assert "no-store" in response["Cache-Control"]
    assert use(found[0]).json() == {"user": str(robot.pk), "token": "Import"}
    secret = Secret.read(found[0])
    assert secret
    page = as_(admin).get(reverse("admin:api_tokens_apitoken_change", args=[secret.id]))
    assert page.status_code == 200
    assert secret.secret not in page.content.decode()


def test_form_offers_the_scopes(admin: User) -> None:
    page = as_(admin).get(ADD).content.decode()

    assert "orders:read" in page
    assert "orders:write" in page


def test_token_lives_no_longer_than_the_longest_life(
    admin: User, robot: User, settings: Any
) -> None:
    settings.API_TOKEN_MAX_LIFETIME = HOUR

    make(admin, robot, days=1)

    token = ApiToken.objects.get()
    assert token.expires_at - token.created_at == timedelta(seconds=HOUR)


def test_new_token_is_in_no_cookie_and_no_session(admin: User, robot: User) -> None:
    browser = as_(admin)
    form = {"user": str(robot.pk), "name": "Import", "scopes": ["orders:read"], "days": 30}
    response = browser.post(ADD, form)

    found = re.search(f"shop_{SHAPE}", response.content.decode())
    assert found
    assert found[0] not in str(browser.cookies)
    assert found[0] not in str(dict(browser.session))


def test_address_of_the_service_account_gets_an_e_mail(admin: User, robot: User) -> None:
    make(admin, robot)

    [message] = emails_to(robot.email)
    assert 'an administrator created the token "Import"' in message.body
    assert "network address" not in message.body


def test_log_names_the_administrator(admin: User, robot: User, caplog: Any) -> None:
    make(admin, robot)
    as_(admin).post(
        reverse("admin:api_tokens_apitoken_delete", args=[ApiToken.objects.get().pk]),
        {"post": "yes"},
    )

    found = [each for each in caplog.records if each.message.startswith("api_token_")]
    assert [each.message for each in found] == ["api_token_created", "api_token_deleted"]
    assert {(each.account, each.by) for each in found} == {(str(robot.pk), str(admin.pk))}


def test_account_of_a_person_gets_no_token(admin: User, user: User) -> None:
    assert "account of a person" in errors_of(make(admin, user))
    assert not ApiToken.objects.exists()


def test_account_with_a_second_factor_or_an_invitation_is_that_of_a_person(
    admin: User, robot: User, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    browser = Browser()
    browser.sign_in(admin.email)
    browser.invite("new@example.test")
    enrol(robot)

    for user in (robot, User.objects.get(email="new@example.test")):
        assert "account of a person" in errors_of(make(admin, user))


def test_account_that_could_not_use_the_token_gets_none(admin: User, robot: User) -> None:
    User.objects.filter(pk=robot.pk).update(email_verified=False)

    assert "must be verified first" in errors_of(make(admin, robot))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scopes", ["orders:write"]),
        ("scopes", ["orders:unknown"]),
        ("scopes", []),
        ("days", 366),
        ("days", 0),
        ("name", "https://evil.example.test"),
    ],
)
def test_refused_field_is_named(field: str, value: Any, admin: User, robot: User) -> None:
    response = make(admin, robot, **{field: value})

    assert list(response.context["adminform"].form.errors) == [field]
    assert not ApiToken.objects.exists()


def test_account_has_so_many_tokens_and_no_more(admin: User, robot: User, settings: Any) -> None:
    settings.API_TOKEN_MAX_PER_ACCOUNT = 1
    make(admin, robot)

    assert "too many tokens" in errors_of(make(admin, robot))


@pytest.mark.parametrize(("role", "status"), [("STAFF", 403), ("ADMIN", 200)])
def test_only_an_administrator_makes_one(role: str, status: int, robot: User) -> None:
    actor = staff_with("add", "view", role=role)

    assert make(actor, robot).status_code == status
    assert ApiToken.objects.exists() is (status == 200)


def test_account_with_more_rights_gets_no_token() -> None:
    robot = make_user(password=None, role=User.Role.ADMIN, is_superuser=True)

    response = make(staff_with("add", "view", role=User.Role.ADMIN), robot)

    assert "more rights than you have" in errors_of(response)


def test_service_account_cannot_get_a_password_by_a_reset(robot: User) -> None:
    Browser().request_reset(robot.email)

    assert emails_to(robot.email) == []


def test_password_that_an_administrator_sets_ends_the_tokens(admin: User, robot: User) -> None:
    make(admin, robot)

    robot.set_password("another good pass phrase")
    robot.save()

    assert not ApiToken.objects.exists()


def test_staff_end_a_token_of_a_user(signed_in: Browser) -> None:
    made = created(signed_in)
    form = {"action": "delete_selected", "_selected_action": [made["id"]], "post": "yes"}

    as_(staff_with("delete", "view")).post(LIST, form)

    assert refusal(use(made["token"])) == (401, "token_not_valid")


def test_staff_cannot_end_a_token_of_an_administrator() -> None:
    owner = Browser()
    owner.sign_in(make_user(role=User.Role.ADMIN).email)
    made = created(owner)
    form = {"action": "delete_selected", "_selected_action": [made["id"]], "post": "yes"}

    as_(staff_with("delete", "view")).post(LIST, form)

    assert use(made["token"]).status_code == 200


def test_token_cannot_be_changed(admin: User, signed_in: Browser) -> None:
    made = created(signed_in)
    path = reverse("admin:api_tokens_apitoken_change", args=[made["id"]])

    assert as_(admin).post(path, {"name": "Mine"}).status_code == 403


def test_token_is_found_by_the_address_and_by_its_id(admin: User, signed_in: Browser) -> None:
    made = created(signed_in)
    user = ApiToken.objects.get().user

    for words in (user.email.upper(), made["id"], made["name"]):
        assert made["id"] in as_(admin).get(LIST, {"q": words}).content.decode()


def test_pages_need_a_sign_in(robot: User) -> None:
    assert Client().get(LIST).status_code == 302
