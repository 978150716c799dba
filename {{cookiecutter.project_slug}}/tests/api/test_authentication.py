"""Who is asking: the two authentications and the permissions, on views as an owner would write."""

from typing import Any, cast

import pytest
from django.test import override_settings
from django.urls import path
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import HasRole, IsEmailVerified
from accounts.models import Session, User
from accounts.services.sessions.tokens import AccessToken
from config.urls import urlpatterns as project
from tests.client import Browser
from tests.people import make_user


class Echo(APIView):
    def get(self, request: Request) -> Response:
        user, token = cast(User, request.user), cast(AccessToken, request.auth)
        session = str(token.session_id)
        return Response({"id": str(user.pk), "role": user.role, "session": session})


class ForStaff(Echo):
    permission_classes = (HasRole(User.Role.STAFF, User.Role.ADMIN),)


class ForStaffByDRF(Echo):
    permission_classes = (IsAdminUser,)


class ForTheVerified(Echo):
    permission_classes = (IsEmailVerified,)


class ForVerifiedUsers(Echo):
    permission_classes = (IsAuthenticated & HasRole(User.Role.USER) & IsEmailVerified,)


urlpatterns = [
    *project,
    path("echo/", Echo.as_view(), name="echo"),
    path("staff/", ForStaff.as_view(), name="staff"),
    path("staff-by-drf/", ForStaffByDRF.as_view(), name="staff_by_drf"),
    path("verified/", ForTheVerified.as_view(), name="verified"),
    path("both/", ForVerifiedUsers.as_view(), name="both"),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def signed_in_as(**fields: Any) -> Browser:
    browser = Browser()
    with override_settings(EMAIL_VERIFICATION="optional"):
        browser.sign_in(make_user(**fields).email)
    return browser


def test_verifying_an_access_token_costs_no_query(
    django_assert_num_queries: Any,
) -> None:
    browser = signed_in_as()
    with django_assert_num_queries(0):
        response = browser.call("get", "echo")

    user, session = User.objects.get(), Session.objects.get()
    assert response.json() == {"id": str(user.pk), "role": "USER", "session": str(session.pk)}


def test_ended_session_keeps_its_access_token_until_it_expires() -> None:
    browser = signed_in_as()
    Session.objects.all().delete()

    assert browser.call("get", "echo").status_code == 200


def test_session_check_refuses_an_ended_session_for_one_query(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK = True
    browser = signed_in_as()
    with django_assert_num_queries(1):
        assert browser.call("get", "echo").status_code == 200
    Session.objects.all().delete()

    response = browser.call("get", "echo")

    assert (response.status_code, response.json()["code"]) == (401, "token_not_valid")


def test_session_check_refuses_a_closed_account(settings: Any) -> None:
    settings.JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK = True
    browser = signed_in_as()
    User.objects.update(is_active=False)

    assert browser.call("get", "echo").status_code == 401


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_authenticated"),
        ("Basic dTpw", "not_authenticated"),
        ("Bearer", "token_not_valid"),
        ("Bearer nonsense", "token_not_valid"),
        ("bearer a b", "token_not_valid"),
        ("Bearer é", "token_not_valid"),
    ],
)
def test_bad_header_is_refused(header: str, code: str) -> None:
    response = Browser().call("get", "echo", headers={"Authorization": header})

    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("role", "status"), [("USER", 403), ("STAFF", 200), ("ADMIN", 200)])
def test_has_role_costs_no_query(role: str, status: int, django_assert_num_queries: Any) -> None:
    browser = signed_in_as(role=role)
    with django_assert_num_queries(0):
        assert browser.call("get", "staff").status_code == status


@pytest.mark.parametrize(("role", "status"), [("USER", 403), ("STAFF", 200), ("ADMIN", 200)])
def test_drf_knows_staff_by_the_token(role: str, status: int) -> None:
    assert signed_in_as(role=role).call("get", "staff_by_drf").status_code == status


@pytest.mark.parametrize(("verified", "status"), [(True, 200), (False, 403)])
def test_is_email_verified(verified: bool, status: int) -> None:
    response = signed_in_as(email_verified=verified).call("get", "verified")

    assert response.status_code == status
    assert status == 200 or response.json()["code"] == "email_not_verified"


@pytest.mark.parametrize("name", ["staff", "verified", "both"])
def test_permissions_answer_401_to_the_anonymous(name: str) -> None:
    assert Browser().call("get", name).status_code == 401


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 200), ({"role": "STAFF"}, 403), ({"email_verified": False}, 403)],
)
def test_permissions_combine(fields: dict[str, Any], status: int) -> None:
    assert signed_in_as(**fields).call("get", "both").status_code == status
