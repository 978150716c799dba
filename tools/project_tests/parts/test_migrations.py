"""Migrations of data."""

from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import User
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("has_one", [True, False])
@pytest.mark.parametrize("verified", [True, False])
def test_migration_takes_the_second_factors_that_exist_for_what_their_address_is(
    verified: bool, has_one: bool
) -> None:
    make_user(email_verified=verified)
    User.objects.update(has_second_factor=has_one)
    migration = import_module("accounts.migrations.0006_second_factor_origin")

    migration.copy_from_the_address(apps, None)

    assert User.objects.get().verified_before_second_factor == (verified and has_one)
