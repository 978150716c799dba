"""What an owner's shell exports decides nothing of what the tests see."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import OperationalError, transaction

from accounts.models import User
from config.env import BASE_DIR
from tests.fixtures import delete_rows
from tests.people import make_user
from tests.races.concurrency import Elsewhere, wait_until_blocked

EXPORTED = {
    "DEBUG": "True",
    "LOG_LEVEL": "ERROR",
    "EMAIL_VERIFICATION": "none",
    "JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME": "7",
    "NEW_DEVICE_EMAILS": "True",
    "SENTRY_DSN": "https://key@sentry.example.test/1",
    "THROTTLE_RATES": "login=1/day",
    "TIME_ZONE": "Asia/Kathmandu",
    "WEB_THREADS": "9",
}
TELL = """
import json, os
from tests import settings
read = {name: repr(value) for name, value in vars(settings).items() if name.isupper()}
told = {name: said for name, said in read.items() if " at 0x" not in said}
print(json.dumps({"settings": told, "environment": dict(os.environ)}))
"""


def run(*words: str, **environment: str) -> str:
    return subprocess.run(  # noqa: S603  our own script
        [sys.executable, *words],
        cwd=BASE_DIR,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def told(**environment: str) -> Any:
    return json.loads(run("-c", TELL, **environment))


def test_exported_settings_are_not_those_of_the_tests() -> None:
    usual, exported = told(), told(**EXPORTED)

    assert exported["settings"] == usual["settings"]
    assert "LOG_LEVEL" in usual["settings"]


def test_exported_settings_do_not_reach_the_servers_that_tests_start() -> None:
    environment = told(**EXPORTED)["environment"]

    assert EXPORTED.items() & environment.items() == set()


def test_file_of_the_owner_is_not_read() -> None:
    assert told(ENV_FILE="somewhere")["environment"]["ENV_FILE"] == os.devnull


def test_servers_of_the_environment_are_used() -> None:
    environment = told()["environment"]

    assert environment["DATABASE_URL"] == os.environ["DATABASE_URL"]
    assert environment["REDIS_URL"] == os.environ["REDIS_URL"]


def test_exported_module_of_settings_is_not_that_of_the_tests() -> None:
    collect = (
        "-m",
        "pytest",
        "--collect-only",
        "-p",
        "no:cacheprovider",
        "tests/services/test_address_spellings.py",
    )

    said = run(*collect, DJANGO_SETTINGS_MODULE="config.settings")

    assert "settings: tests.settings" in said


@pytest.mark.django_db(transaction=True)
def test_request_that_no_test_waits_for_fails_no_test() -> None:
    make_user()

    with Elsewhere() as elsewhere:
        # PostgreSQL may end either of the two.
        with suppress(OperationalError), transaction.atomic():
            User.objects.update(first_name="Eve")
            deleting = elsewhere.start(lambda: delete_rows(None))
            wait_until_blocked()
            # The tables are locked in the order of their names, and this one comes first.
            EmailAddress.objects.update(primary=True)
        deleting.result(timeout=30)

    assert not User.objects.exists()
