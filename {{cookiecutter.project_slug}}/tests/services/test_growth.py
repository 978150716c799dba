"""No stranger and no account makes a table or an answer grow without end."""

from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as AdminSession
from django.test import Client
from django.urls import reverse

from accounts import tasks
from accounts.models import User
from mail import tasks as mail_tasks
from tests.clock import later
from tests.people import make_user

pytestmark = pytest.mark.django_db

DAY = 86_400


def test_admin_log_is_purged_after_two_years(user: User) -> None:
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), action_flag=CHANGE
    )
    with later(729 * DAY):
        tasks.purge_admin_log()
    assert LogEntry.objects.exists()

    with later(731 * DAY):
        tasks.purge_admin_log()

    assert not LogEntry.objects.exists()


def test_failed_sign_in_to_django_admin_leaves_no_session(client: Client) -> None:
    admin = make_user(role=User.Role.ADMIN)
    page = reverse("admin:login")

    for password in ("", "not the password"):
        client.get(page)
        client.post(page, {"username": admin.email, "password": password})

    assert not AdminSession.objects.exists()


def test_every_purge_is_scheduled_and_runs_within_an_hour_of_a_start(settings: Any) -> None:
    """Beat counts from its start, which each release repeats."""
    schedule = settings.CELERY_BEAT_SCHEDULE.values()
    purges = {f"accounts.tasks.{name}" for name in dir(tasks) if name.startswith("purge_")}

    assert purges | {mail_tasks.sweep.name, mail_tasks.purge.name} <= {
        entry["task"] for entry in schedule
    }
    assert max(entry["schedule"] for entry in schedule) <= 3600
