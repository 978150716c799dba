"""An account is deleted with its tokens: the permission to delete the account is enough."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from api_tokens.models import ApiToken
from api_tokens.tests.steps import created
from tests.admin.steps import as_
from tests.client import Browser
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_account_is_deleted_with_its_tokens(signed_in: Browser, user: User) -> None:
    created(signed_in)
    actor = make_user(role="ADMIN")
    rights = ("view_user", "delete_user")
    actor.user_permissions.set(Permission.objects.filter(codename__in=rights))

    page = reverse("admin:accounts_user_delete", args=[user.pk])

    assert as_(actor).post(page, {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()
