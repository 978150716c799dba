"""``request.user`` under the default authentication: a ``User`` that reads its row when needed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import path
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import FailedMfaAttempt, Session, User
from config.urls import urlpatterns as project
from tests.client import Browser
from tests.people import make_user


def names_of(user: Any) -> list[str]:
    return [user.email, user.first_name, user.last_name]


def assign_to_foreign_key(user: Any) -> str:
    return str(FailedMfaAttempt(user=user).user_id)


def rename(user: Any) -> None:
    user.first_name = "Grace"
    user.save()


def promote(user: Any) -> None:
    user.role = "ADMIN"
    user.save()


WORK: dict[str, Callable[[Any], Any]] = {
    "names": names_of,
    "foreign_key": assign_to_foreign_key,
    "staff": lambda user: user.is_staff,
    "is_a_user": lambda user: isinstance(user, User) and user == User(pk=user.pk),
    "reload": lambda user: user.refresh_from_db(),
    "rename": rename,
    "promote": promote,
    "typo": lambda user: user.emial,
}


class Work(APIView):
    def get(self, request: Request, name: str) -> Response:
        return Response(WORK[name](request.user))


class ForHoldersOfAPermission(APIView):
    permission_classes = (DjangoModelPermissions,)
    queryset = User.objects.none()

    def post(self, request: Request) -> Response:
        return Response({})


urlpatterns = [
    *project,
    path("api/work/<str:name>/", Work.as_view(), name="work"),
    path("api/permission/", ForHoldersOfAPermission.as_view(), name="permission"),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def work(browser: Browser, name: str) -> Any:
    return browser.call("get", "work", kwargs={"name": name})


@pytest.mark.parametrize("name", ["foreign_key", "staff", "is_a_user"])
def test_what_the_token_knows_costs_no_query(
    name: str, user: User, signed_in: Browser, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        response = work(signed_in, name)

    expected = {"foreign_key": str(user.pk), "staff": False, "is_a_user": True}
    assert response.json() == expected[name]


def test_other_fields_are_read_in_one_query(
    user: User, signed_in: Browser, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        response = work(signed_in, "names")

    assert response.json() == [user.email, user.first_name, user.last_name]


@pytest.mark.parametrize("name", ["names", "reload", "rename", "promote"])
@pytest.mark.parametrize(
    "change",
    [
        lambda users: users.delete(),
        lambda users: users.update(is_active=False),
        lambda users: users.update(role="STAFF"),
    ],
    ids=["deleted", "inactive", "other role"],
)
def test_token_of_a_changed_account_is_refused_where_the_row_is_read(
    name: str, change: Any, user: User, signed_in: Browser
) -> None:
    change(User.objects.filter(pk=user.pk))

    response = work(signed_in, name)

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")
    assert response["WWW-Authenticate"] == "Bearer"


def test_saving_writes_what_was_assigned_and_no_claim(
    settings: Any, user: User, signed_in: Browser
) -> None:
    User.objects.filter(pk=user.pk).update(email_verified=False, last_name="Hopper")

    assert work(signed_in, "rename").status_code == 200

    user.refresh_from_db()
    assert (user.first_name, user.last_name, user.email_verified) == ("Grace", "Hopper", False)
    assert Session.objects.filter(user=user).exists()


def test_assigned_role_is_saved_and_ends_the_sessions(user: User, signed_in: Browser) -> None:
    work(signed_in, "promote")

    user.refresh_from_db()
    assert user.role == "ADMIN"
    assert not Session.objects.filter(user=user).exists()


@pytest.mark.parametrize(("granted", "status"), [(True, 200), (False, 403)])
def test_permissions_of_django_hold(granted: bool, status: int) -> None:
    user, browser = make_user(role="STAFF"), Browser()
    if granted:
        user.user_permissions.add(Permission.objects.get(codename="add_user"))
    browser.sign_in(user.email)

    assert browser.call("post", "permission", {}).status_code == status


def test_unknown_name_is_an_error(signed_in: Browser) -> None:
    with pytest.raises(AttributeError, match="emial"):
        work(signed_in, "typo")
