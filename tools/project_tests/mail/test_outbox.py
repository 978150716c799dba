"""Health and the log tell how old the oldest unsent e-mail is, and nothing of one recipient."""

import smtplib

import pytest
from django.core.management import call_command
from django.test import Client

from accounts import emails
from accounts.models import User
from mail import delivery, outbox, status, tasks
from mail.messages import EMAILS
from mail.models import Mail
from tests.clock import later
from tests.mail.test_outbox import (
    ask_for_resets,
    ask_health,
    fails_with,
    posted,
    refused,
    state_after,
)
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 60), (2, 240), (3, 960), (5, 15_360), (6, 21_600), (8, 21_600)]
)
def test_delays_grow_with_jitter_up_to_six_hours(attempts: int, seconds: int) -> None:
    delays = {delivery.delay_after(attempts).total_seconds() for _ in range(200)}

    assert 0.75 * seconds <= min(delays) < max(delays) <= 1.25 * seconds


@pytest.mark.parametrize("seconds", [1, 60, 899, 3_000])
def test_health_tells_nothing_of_one_recipient(
    seconds: int, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask_health(client)
    fails_with(refused(450), monkeypatch)

    for email in (user.email, user.email, "nobody@example.test"):
        ask_for_resets(client, email)
        delivery.deliver(Mail.objects.latest("created_at").pk)

        with later(seconds):
            assert ask_health(client) == before

    states = Mail.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == ["pending", "pending", "obsolete"]


@pytest.mark.parametrize("known", [True, False])
def test_health_tells_no_known_address_from_an_unknown_one_however_many_wait(
    known: bool, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"ada+{number}@example.test" for number in range(8)]
    for email in addresses:
        if known:
            make_user(email=email)
    before = ask_health(client)
    fails_with(refused(450), monkeypatch)
    ask_for_resets(client, *addresses)
    for mail in Mail.objects.all():
        delivery.deliver(mail.pk)

    with later(910):
        assert ask_health(client) == before


def test_health_does_not_count_what_fails_before_the_mail_server_is_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(EMAILS, "password_changed")
    for number in range(8):
        outbox.post(emails.password_changed, to=f"ada{number}@example.test")
    for mail in Mail.objects.all():
        delivery.deliver(mail.pk)

    with later(910):
        assert ask_health(client)["mail"] == "ok"


@pytest.mark.parametrize(("seconds", "is_logged"), [(890, False), (910, True)])
@pytest.mark.parametrize("by", ["sweep", "probe"])
def test_age_of_the_oldest_unsent_e_mail_is_in_the_log(
    by: str, seconds: int, is_logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    posted()

    with later(seconds):
        tasks.sweep() if by == "sweep" else status.probe()

    ages = [record.__dict__.get("oldest_unsent_seconds", 0) for record in caplog.records]
    assert (max(ages, default=0) >= 900) is is_logged


def test_operator_reads_the_age_of_the_oldest_unsent_e_mail(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with later(0) as clock:
        posted()
        clock.shift(90)
        call_command("outbox_status")

    assert capsys.readouterr().out == "pending: 1\ndead: 0\noldest_unsent_seconds: 90\n"


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(), TimeoutError(), refused(450), smtplib.SMTPDataError(451, b"")],
)
def test_e_mail_that_the_mail_server_did_not_take_is_unsent(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_after(error, monkeypatch)

    with later(90):
        assert status.oldest_unsent() >= 90


def test_e_mail_that_fails_before_the_mail_server_is_asked_is_not_unsent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(EMAILS, "password_changed")
    mail = posted()
    delivery.deliver(mail.pk)
    state_after(ValueError("a sender that makes no sense"), monkeypatch)

    with later(90):
        assert status.oldest_unsent() == 0
    assert set(Mail.objects.values_list("state", flat=True)) == {"pending"}


def test_e_mail_is_unsent_once_the_mail_server_is_the_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state_after(ValueError("a sender that makes no sense"), monkeypatch)
    fails_with(ConnectionRefusedError(), monkeypatch)

    with later(600):
        delivery.deliver(Mail.objects.get().pk)
        assert status.oldest_unsent() >= 600


@pytest.mark.parametrize(
    "recipient", ["ada@xאa.example", "jürgen@example.test", "ada@" + "ü" * 60 + ".test", "nobody"]
)
def test_e_mail_that_cannot_be_encoded_is_dead_at_once(recipient: str) -> None:
    mail = posted()
    Mail.objects.filter(pk=mail.pk).update(recipient=recipient)

    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.error) == ("dead", "UndeliverableAddress")
    with later(90):
        assert status.oldest_unsent() == 0
