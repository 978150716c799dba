"""An e-mail is rendered as text and HTML from one template."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts import emails
from mail.messages import EMAILS, UnknownEmail, email, render
from mail.models import Mail

pytestmark = pytest.mark.django_db


def a_mail(function: Any = emails.password_changed, **parameters: Any) -> Mail:
    return Mail(
        kind=function.__name__, recipient="ada@example.test", parameters={"ip": None, **parameters}
    )


@pytest.fixture
def _linked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds a link to ``password_changed``."""

    def linked(mail: Mail) -> dict[str, Any]:
        context = emails.password_changed(mail)
        return context | {"link": "https://example.test/?a=1&b=2", "action": "Open"}

    monkeypatch.setitem(EMAILS, "password_changed", linked)


def test_text_and_html_say_the_same() -> None:
    message = render(a_mail(ip="192.0.2.7"))

    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    for content in (message.body, str(html)):
        assert "192.0.2.7" in content
        assert "someone else knows your password or reads your e-mail" in content


def test_sender_product_and_recipient_come_from_the_settings(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Shop <no-reply@shop.test>"
    settings.PROJECT_NAME = "The Shop"

    message = render(a_mail())

    assert (message.from_email, message.to) == ("Shop <no-reply@shop.test>", ["ada@example.test"])
    assert "The Shop" in message.body


def test_no_out_of_office_reply_comes_back() -> None:
    assert render(a_mail()).message()["Auto-Submitted"] == "auto-generated"


def test_html_is_escaped_and_text_is_not(settings: Any) -> None:
    settings.PROJECT_NAME = "Lamps & <b>Co</b>"

    message = render(a_mail())

    assert "Lamps & <b>Co</b>" in message.body
    assert "Lamps &amp; &lt;b&gt;Co&lt;/b&gt;" in str(message.alternatives[0][0])


@pytest.mark.usefixtures("_linked")
def test_link_is_complete_in_text_and_html() -> None:
    message = render(a_mail())

    assert "https://example.test/?a=1&b=2" in message.body
    assert 'href="https://example.test/?a=1&amp;b=2"' in str(message.alternatives[0][0])


def test_subject_is_one_line(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "mail.messages._render_part", lambda kind, part, context: "Hello\r\nBcc: all@example.test"
    )

    message = render(a_mail())

    assert message.subject == "Hello Bcc: all@example.test"
    assert message.message()["Bcc"] is None


def test_kind_that_is_not_registered_is_an_error() -> None:
    with pytest.raises(UnknownEmail):
        render(Mail(kind="invoice_due", recipient="ada@example.test"))


def test_time_is_that_of_the_request() -> None:
    mail = a_mail()
    mail.created_at = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)

    assert "2 January 2030, 03:04 UTC" in render(mail).body


def test_second_e_mail_of_one_name_is_an_error() -> None:
    def password_changed(mail: Mail) -> dict[str, Any]:
        return {}

    with pytest.raises(ImproperlyConfigured, match=r"'password_changed', in accounts\.emails"):
        email(password_changed)

    assert EMAILS["password_changed"] is emails.password_changed
