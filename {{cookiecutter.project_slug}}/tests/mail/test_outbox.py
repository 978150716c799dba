"""The outbox: a letter is a row first, and no failure loses it."""

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts import emails
from accounts.models import User
from core import health
from mail import delivery, outbox, status, tasks
from mail.messages import EMAILS, Obsolete
from mail.models import Mail
from tests.clock import later
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

DAY = 86_400


def posted(**options: Any) -> Mail:
    outbox.post(emails.password_changed, to="ada@example.test", parameters={"ip": None}, **options)
    return Mail.objects.latest("created_at")


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", fail)


def refused(code: int) -> smtplib.SMTPRecipientsRefused:
    return smtplib.SMTPRecipientsRefused({"ada@example.test": (code, b"no")})


def state_after(error: Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    fails_with(error, monkeypatch)
    mail = posted()
    delivery.deliver(mail.pk)
    mail.refresh_from_db()
    return mail.state


def test_post_writes_one_row_in_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        outbox.post(emails.password_changed, to="ada@example.test")

    mail = Mail.objects.get()
    assert (mail.state, mail.attempts, mail.kind) == ("pending", 0, "password_changed")


def test_letter_of_a_transaction_that_rolled_back_was_never_posted() -> None:
    with transaction.atomic():
        posted()
        transaction.set_rollback(True)

    assert not Mail.objects.exists()


def test_worker_hears_of_it_once_the_transaction_has_committed(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(tasks.send, "delay", heard.append)
    with django_capture_on_commit_callbacks(execute=True):
        mail = posted()
        assert not heard

    assert heard == [str(mail.pk)]


def test_broker_that_is_away_fails_no_request(
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

    delivery.deliver(mail.pk)
    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("sent", 1)
    assert mail.sent_at is not None
    assert len(django_mail.outbox) == 1


def test_letter_that_another_worker_has_is_left_to_it() -> None:
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
        smtplib.SMTPSenderRefused(550, b"no", "us@example.test"),
        smtplib.SMTPAuthenticationError(535, b"no"),
        smtplib.SMTPDataError(451, b"later"),
        ValueError("a fault of our own"),
    ],
)
def test_what_may_pass_is_tried_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_after(error, monkeypatch) == "pending"
    assert Mail.objects.get().due_at > timezone.now() + timedelta(seconds=40)


@pytest.mark.parametrize("error", [refused(550), smtplib.SMTPDataError(554, b"no")])
def test_recipient_who_is_refused_for_good_is_a_dead_letter(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_after(error, monkeypatch) == "dead"


def test_reason_is_kept_without_the_words_of_the_letter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state_after(ValueError("https://example.test/secret-link"), monkeypatch)

    assert Mail.objects.get().error == "ValueError"
    assert "secret-link" not in caplog.text


def test_letter_that_never_leaves_is_dead_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(ConnectionRefusedError(), monkeypatch)
    mail = posted()
    for _ in range(delivery.MAX_ATTEMPTS):
        mail.refresh_from_db()
        assert mail.state == "pending"
        with later((mail.due_at - timezone.now()).total_seconds() + 1):
            delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("dead", delivery.MAX_ATTEMPTS)


def test_letter_that_kills_its_workers_is_dead_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(SystemExit(), monkeypatch)
    mail = posted()
    for attempt in range(delivery.MAX_ATTEMPTS):
        with later((attempt + 1) * 400), pytest.raises(SystemExit):
            delivery.deliver(mail.pk)
    with later(DAY):
        delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert mail.state == "dead"


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 60), (2, 240), (3, 960), (5, 15_360), (6, 21_600), (8, 21_600)]
)
def test_delays_grow_with_jitter_up_to_six_hours(attempts: int, seconds: int) -> None:
    delays = {delivery.delay_after(attempts).total_seconds() for _ in range(200)}

    assert 0.75 * seconds <= min(delays) < max(delays) <= 1.25 * seconds


def test_letter_that_came_too_late_is_obsolete() -> None:
    mail = posted(not_after=timezone.now() + timedelta(seconds=60))

    with later(61):
        delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("obsolete", 0)
    assert not django_mail.outbox


def test_letter_decides_itself_that_it_is_obsolete(monkeypatch: pytest.MonkeyPatch) -> None:
    def over(mail: Mail) -> dict[str, Any]:
        raise Obsolete

    monkeypatch.setitem(EMAILS, "password_changed", over)
    mail = posted()

    delivery.deliver(mail.pk)

    mail.refresh_from_db()
    assert mail.state == "obsolete"


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
def test_rows_that_are_done_with_are_purged_and_dead_ones_later(days: int, kept: set[str]) -> None:
    for state in Mail.State.values:
        posted()
        Mail.objects.filter(pk=Mail.objects.latest("created_at").pk).update(state=state)

    with later(days * DAY):
        tasks.purge()

    assert set(Mail.objects.values_list("state", flat=True)) == kept


def test_sweep_and_purge_are_scheduled(settings: Any) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {tasks.sweep.name, tasks.purge.name} <= scheduled


def ask_health(client: Client) -> Any:
    health.KEPT.forget()
    return client.get("/health/ready").json()


def ask_for_resets(client: Client, *addresses: str) -> None:
    for email in addresses:
        body = {"email": email}
        client.post(reverse("rest_password_reset"), body, content_type="application/json")


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


@pytest.mark.parametrize(("seconds", "word"), [(890, "ok"), (910, "degraded")])
@pytest.mark.parametrize("known", [True, False])
def test_health_says_when_no_worker_takes_an_e_mail_for_a_quarter_of_an_hour(
    known: bool, seconds: int, word: str, client: Client, user: User
) -> None:
    ask_for_resets(client, user.email if known else "nobody@example.test")

    with later(seconds):
        answer = ask_health(client)

    assert (answer["status"], answer["mail"]) == (word, word)


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
    posted()

    with later(90):
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


def test_dead_letter_is_sent_again_from_the_admin(client: Client) -> None:
    client.force_login(User.objects.create_superuser(email="root@example.test", password=PASSWORD))
    dead, sent = posted(), posted()
    Mail.objects.filter(pk=dead.pk).update(state="dead", attempts=8)
    Mail.objects.filter(pk=sent.pk).update(state="sent")

    response = client.post(
        reverse("admin:mail_mail_changelist"),
        {"action": "send_again", "_selected_action": [str(dead.pk), str(sent.pk)]},
        follow=True,
    )

    assert "1 of 2 e-mails will be sent again" in response.content.decode()
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("pending", 0)


def test_admin_shows_a_letter_and_changes_none(client: Client) -> None:
    client.force_login(User.objects.create_superuser(email="root@example.test", password=PASSWORD))
    mail = posted()
    url = reverse("admin:mail_mail_change", args=[mail.pk])

    assert client.get(url).status_code == 200
    assert client.post(url, {"recipient": "eve@example.test"}).status_code == 403
    assert client.get(reverse("admin:mail_mail_add")).status_code == 403
