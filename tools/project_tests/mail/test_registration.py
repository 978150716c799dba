"""An e-mail has a name of its own."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts import emails
from mail.messages import EMAILS, email
from mail.models import Mail


def test_second_e_mail_of_one_name_is_an_error() -> None:
    def password_changed(mail: Mail) -> dict[str, Any]:
        return {}

    with pytest.raises(ImproperlyConfigured, match=r"'password_changed', in accounts\.emails"):
        email(password_changed)

    assert EMAILS["password_changed"] is emails.password_changed


def test_e_mail_may_be_registered_twice() -> None:
    assert email(emails.password_changed) is emails.password_changed
