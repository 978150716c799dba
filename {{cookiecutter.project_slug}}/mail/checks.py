"""The system check of ``EMAIL_URL``."""

from collections.abc import Iterator

import django
from django.conf import settings
from django.core import mail
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.console import EmailBackend as Console

from core.checks import as_check, error, warning


def _email_backend() -> Iterator[CheckMessage]:
    """Checks that the backend is installed and accepts its options, without a connection."""
    if "EMAIL_URL" in settings.ENVIRONMENT_PROBLEMS:
        return
    try:
        backend = mail.mailers.default if django.VERSION >= (6, 1) else mail.get_connection()
    except (ImportError, ImproperlyConfigured) as problem:
        yield error("EMAIL_URL", f"cannot be used: {problem}")
    else:
        if isinstance(backend, Console) and not settings.DEBUG:
            yield warning("EMAIL_URL", "writes e-mails and their links to the log.")


check = as_check("mail", _email_backend)
