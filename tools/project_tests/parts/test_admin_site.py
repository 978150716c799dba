"""Django admin has the name of the product."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from tests.admin.test_account_actions import show

pytestmark = pytest.mark.django_db


def test_product_is_named(admin: User, settings: Any) -> None:
    assert f">{settings.PROJECT_NAME}</a>" in show(admin, reverse("admin:index"))
    assert "Django" not in show(admin, reverse("admin:index"))
