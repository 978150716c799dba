"""An e-mail has a name of its own."""

from accounts import emails
from mail.messages import email


def test_e_mail_may_be_registered_twice() -> None:
    assert email(emails.password_changed) is emails.password_changed
