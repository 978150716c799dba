"""The system checks that a process must pass before it serves anything."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, run_checks
from django.core.management.base import SystemCheckError

STARTUP = "startup"
"""The tag of those checks; every application registers its own under it."""


def refuse_bad_settings() -> None:
    """Stops a process that Django would start unchecked, such as gunicorn's or Celery's.

    Raises:
        SystemCheckError: a check tagged ``STARTUP`` found an error; it names the variable.
    """
    errors = [message for message in run_checks(tags=[STARTUP]) if message.is_serious()]
    if errors:
        raise SystemCheckError("\n".join(str(message) for message in errors))


def check_environment(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Each environment variable that was missing or could not be read."""
    problems: dict[str, str] = settings.ENVIRONMENT_PROBLEMS
    return [Error(sentence, id=f"core.{name}") for name, sentence in problems.items()]
