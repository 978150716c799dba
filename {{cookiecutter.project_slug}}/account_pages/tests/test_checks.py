"""The paths of other parts are not those of the pages."""

from typing import Any

import pytest

from account_pages.checks import check


@pytest.mark.parametrize("name", ["API_URL", "ADMIN_URL"])
def test_path_of_the_pages_is_taken(name: str, settings: Any) -> None:
    assert check(None) == []

    setattr(settings, name, "account/other/")

    assert [message.id for message in check(None)] == [f"account_pages.{name}"]
