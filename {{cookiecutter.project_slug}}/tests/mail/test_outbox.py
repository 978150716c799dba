"""The outbox: an e-mail is a row before it is sent, and no failure loses it."""

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import emails
from accounts.models import User
from core import health
from mail import delivery, outbox, tasks
from mail.messages import EMAILS, Obsolete
from mail.models import Mail
from tests.admin.steps import as_
from tests.clock import later

pytestmark = pytest.mark.django_db

DAY = 86_400


def posted(**options: Any) -> Mail:
    outbox.post(emails.password_changed, to="ada@example.test", parameters={"ip": None}, **options)
    return Mail.objects.latest("created_at")


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", fail)


def refused(code: int, text: bytes = b"no") -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"ada@example.test": (code, text)})


def delivered(mail: Mail) -> Mail:
    delivery.deliver(mail.pk)
    mail.refresh_from_db()
    return mail


def state_after(error: Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    fails_with(error, monkeypatch)
    return delivered(posted()).state


def test_post_writes_one_row_in_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        outbox.post(emails.password_changed, to="ada@example.test")

    mail = Mail.objects.get()
    assert (mail.state, mail.attempts, mail.kind) == ("pending", 0, "password_changed")


def test_e_mail_of_a_transaction_that_rolled_back_is_not_posted() -> None:
    with transaction.atomic():
        posted()
        transaction.set_rollback(True)

    assert not Mail.objects.exists()


def test_worker_gets_it_after_the_transaction_has_committed(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(tasks.send, "delay", heard.append)
    with django_capture_on_commit_callbacks(execute=True):
        mail = posted()
        assert not heard

    assert heard == [str(mail.pk)]


def test_unavailable_broker_fails_no_request(
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.send, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        posted()

    assert "broker unavailable" in caplog.text
    assert Mail.objects.get().state == "pending"


def test_eager_tasks_send_at_once(django_capture_on_commit_callbacks: Any, settings: Any) -> None:
    tasks.send.app.conf.task_always_eager = True
    try:
        with django_capture_on_commit_callbacks(execute=True):
            posted()
    finally:
        tasks.send.app.conf.task_always_eager = False

    assert len(django_mail.outbox) == 1


def test_delivery_sends_it_once() -> None:
    mail = posted()

    delivered(mail)
    delivered(mail)

    assert (mail.state, mail.attempts) == ("sent", 1)
    assert mail.sent_at is not None
    assert len(django_mail.outbox) == 1


def test_e_mail_that_another_worker_has_claimed_is_not_sent() -> None:
    mail = posted()
    Mail.objects.update(claimed_until=timezone.now() + timedelta(seconds=10))

    delivery.deliver(mail.pk)
    assert not django_mail.outbox

    with later(11):
        delivery.deliver(mail.pk)
    assert len(django_mail.outbox) == 1


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        refused(450),
        refused(554, b"5.7.1 relay access denied"),
        refused(550, b"5.1.8 sender address rejected"),
        smtplib.SMTPSenderRefused(550, b"5.1.0 no", "us@example.test"),
        smtplib.SMTPAuthenticationError(535, b"5.7.8 no"),
        smtplib.SMTPDataError(451, b"later"),
        smtplib.SMTPDataError(554, b"e-mail address is not verified"),
        smtplib.SMTPDataError(550, b"5.4.5 daily quota exceeded"),
        smtplib.SMTPConnectError(554, b"no"),
        ValueError("an error in the code"),
    ],
)
def test_temporary_failure_is_tried_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_after(error, monkeypatch) == "pending"
    assert Mail.objects.get().due_at > timezone.now() + timedelta(seconds=40)


@pytest.mark.parametrize(
    "error",
    [
        refused(550),
        refused(550, b"5.1.1 no such user"),
        refused(552, b"5.2.2 mailbox full"),
        smtplib.SMTPDataError(550, b"5.1.10 the domain accepts no e-mail"),
    ],
)
def test_e_mail_to_a_rejected_recipient_is_dead(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_after(error, monkeypatch) == "dead"


def test_reason_of_a_failure_holds_no_words_of_the_e_mail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state_after(ValueError("https://example.test/secret-link"), monkeypatch)

    assert Mail.objects.get().error == "ValueError"
    assert "secret-link" not in caplog.text


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (ConnectionRefusedError(), ("WARNING", "retry", None)),
        (smtplib.SMTPDataError(554, b"no"), ("WARNING", "retry", 554)),
        (refused(550), ("WARNING", "dead", 550)),
    ],
)
def test_log_has_the_code_of_the_mail_server_and_what_follows(
    error: Exception,
    facts: tuple[Any, ...],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    state_after(error, monkeypatch)

    [line] = [record for record in caplog.records if record.message == "mail not sent"]
    assert tuple(vars(line)[name] for name in ("levelname", "outcome", "smtp_code")) == facts


def test_e_mail_is_dead_after_the_last_attempt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fails_with(ConnectionRefusedError(), monkeypatch)
    mail = posted()
    for _ in range(delivery.MAX_ATTEMPTS):
        mail.refresh_from_db()
        assert mail.state == "pending"
        with later((mail.due_at - timezone.now()).total_seconds() + 1):
            delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("dead", delivery.MAX_ATTEMPTS)
    levels = [record.levelname for record in caplog.records if record.message == "mail not sent"]
    assert levels == [*["WARNING"] * (delivery.MAX_ATTEMPTS - 1), "ERROR"]


def test_e_mail_that_ends_its_workers_is_dead_after_the_last_attempt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fails_with(SystemExit(), monkeypatch)
    mail = posted()
    for attempt in range(delivery.MAX_ATTEMPTS):
        with later((attempt + 1) * 400), pytest.raises(SystemExit):
            delivery.deliver(mail.pk)

    with later(DAY):
        assert delivered(mail).state == "dead"
    [line] = [record for record in caplog.records if record.message == "mail not sent"]
    assert vars(line).items() >= {"levelname": "ERROR", "outcome": "dead"}.items()


def test_e_mail_is_obsolete_after_its_deadline() -> None:
    mail = posted(not_after=timezone.now() + timedelta(seconds=60))

    with later(61):
        delivered(mail)

    assert (mail.state, mail.attempts) == ("obsolete", 0)
    assert not django_mail.outbox


def test_e_mail_is_obsolete_if_its_function_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def over(mail: Mail) -> dict[str, Any]:
        raise Obsolete

    monkeypatch.setitem(EMAILS, "password_changed", over)
    assert delivered(posted()).state == "obsolete"


def test_sweep_hands_over_what_is_due_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(tasks.send, "delay", heard.append)
    mail = posted()
    tasks.sweep()
    assert not heard

    with later(61):
        tasks.sweep()
        tasks.sweep()

    assert heard == [str(mail.pk)]


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (29, {"pending", "sent", "obsolete", "dead"}),
        (31, {"pending", "dead"}),
        (89, {"pending", "dead"}),
        (91, {"pending"}),
    ],
)
def test_finished_rows_are_purged_and_dead_ones_later(days: int, kept: set[str]) -> None:
    for state in Mail.State.values:
        posted()
        Mail.objects.filter(pk=Mail.objects.latest("created_at").pk).update(state=state)

    with later(days * DAY):
        tasks.purge()

    assert set(Mail.objects.values_list("state", flat=True)) == kept


def ask_health(client: Client) -> Any:
    health.KEPT.forget()
    return client.get("/health/ready").json()


def ask_for_resets(client: Client, *addresses: str) -> None:
    for email in addresses:
        body = {"email": email}
        client.post(reverse("rest_password_reset"), body, content_type="application/json")


@pytest.mark.parametrize(("seconds", "word"), [(890, "ok"), (910, "degraded")])
@pytest.mark.parametrize("known", [True, False])
def test_health_says_when_no_worker_takes_an_e_mail_for_a_quarter_of_an_hour(
    known: bool, seconds: int, word: str, client: Client, user: User
) -> None:
    ask_for_resets(client, user.email if known else "nobody@example.test")

    with later(seconds):
        answer = ask_health(client)

    assert (answer["status"], answer["mail"]) == (word, word)


def test_dead_e_mail_is_sent_again_from_django_admin(admin: User) -> None:
    dead, sent = posted(), posted()
    Mail.objects.filter(pk=dead.pk).update(state="dead", attempts=8)
    Mail.objects.filter(pk=sent.pk).update(state="sent")

    response = as_(admin).post(
        reverse("admin:mail_mail_changelist"),
        {"action": "send_again", "_selected_action": [str(dead.pk), str(sent.pk)]},
        follow=True,
    )

    assert "1 of 2 e-mails will be sent again" in response.content.decode()
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("pending", 0)


def test_django_admin_shows_an_e_mail_and_changes_none(admin: User) -> None:
    url = reverse("admin:mail_mail_change", args=[posted().pk])
    client = as_(admin)

    assert client.get(url).status_code == 200
    assert client.post(url, {"recipient": "eve@example.test"}).status_code == 403
    assert client.get(reverse("admin:mail_mail_add")).status_code == 403
