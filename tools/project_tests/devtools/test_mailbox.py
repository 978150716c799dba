"""The mailbox of development: harmless to open, and not there in production."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client
from django.urls import include, path
from django.utils.module_loading import import_string
from django_mail_preview.backends import EmailBackend
from django_mail_preview.storage import get_storage

from config.env import BASE_DIR
from mail import email_url

urlpatterns = [path("mailbox/", include("django_mail_preview.urls"))]

LOOK_FOR_IT = """
import sys
import django
from django.urls import is_valid_path
django.setup()
print(bool(is_valid_path("/mailbox/")), "django_mail_preview" in sys.modules)
"""


@pytest.fixture
def browser(settings: Any, tmp_path: Path) -> Client:
    """Of a developer whose mailbox is empty."""
    settings.DEBUG = True
    settings.ROOT_URLCONF = __name__
    settings.MAIL_PREVIEW_ROOT = tmp_path
    return Client()


def receive(sent: int = 1) -> str:
    """Returns the path of the newest one."""
    email = EmailMultiAlternatives("Hello", "Hello", to=["ada@example.test"])
    email.attach_alternative("<script>alert()</script>", "text/html")
    EmailBackend().send_messages([email] * sent)
    return f"/mailbox/sent/{get_storage().list()[0].meta.id}/"


def test_production_has_no_mailbox() -> None:
    looking = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LOOK_FOR_IT],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "False",
            "EMAIL_URL": "",
        },
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )

    assert looking.stdout.strip() == "False False"


def test_letters_go_to_a_folder_of_any_name_where_email_url_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "my sent – déjà vu"
    mailer = email_url.parse(f"filemail://{quote(str(folder))}")
    backend = import_string(mailer["BACKEND"])(**mailer["OPTIONS"])

    backend.send_messages([EmailMessage("Hello", to=["ada@example.test"])])

    [email] = folder.iterdir()
    assert "To: ada@example.test" in email.read_text()


def test_html_is_shown_in_our_own_frame_alone_and_runs_no_script(browser: Client) -> None:
    email = receive()

    shown = browser.get(f"{email}html/")

    policy = shown["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script" not in policy
    assert shown["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    "name",
    ["sent/20300101-000000-000000-0123abcd/", "sent/..%2F..%2Fmanage.py/", "assets/..%2Furls.py"],
)
def test_unknown_names_are_not_found(name: str, browser: Client) -> None:
    assert browser.get(f"/mailbox/{name}").status_code == 404


def test_a_link_of_another_site_deletes_nothing(browser: Client) -> None:
    email = receive()
    elsewhere = Client(enforce_csrf_checks=True)

    assert browser.get(f"{email}delete/").status_code == 405
    assert elsewhere.post(f"{email}delete/").status_code == 403
    assert browser.get(email).status_code == 200


def test_the_last_hundred_letters_are_kept(browser: Client) -> None:
    first = receive()

    receive(100)

    assert browser.get("/mailbox/").content.count(b"<tr>") == 101
    assert browser.get(first).status_code == 404


@pytest.mark.parametrize(
    ("path", "told"),
    [("/mailbox/sent/latest/", False), ("/health/live", False), ("/mailbox/", True)],
)
def test_log_is_not_filled_by_an_open_mailbox_and_by_probes(path: str, told: bool) -> None:
    line = logging.makeLogRecord({"msg": '"%s" %s %s', "args": (f"GET {path} HTTP/1.1", 200, 9)})

    assert bool(logging.getLogger("django.server").filter(line)) is told
