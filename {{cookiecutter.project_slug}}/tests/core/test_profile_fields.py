"""A check refuses fields of the profile that decide about access."""

import pytest
from django.core.checks import run_checks

from accounts.models import User


@pytest.mark.parametrize("name", ["role", "password", "is_superuser", "email_verified", "id"])
def test_protected_field_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(User, "PROFILE_FIELDS", ("first_name", name))

    [problem] = [found for found in run_checks() if found.id == "accounts.PROFILE_FIELDS"]
    assert problem.is_serious()
    assert name in problem.msg
