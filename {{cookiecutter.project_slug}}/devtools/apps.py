import logging

from django.apps import AppConfig


class DevtoolsConfig(AppConfig):
    name = "devtools"

    def ready(self) -> None:
        logging.getLogger("django.server").addFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Hides the polling of an open mailbox and of ``make run`` from the log."""
    line = record.getMessage()
    return "GET /mailbox/sent/latest/" not in line and "GET /health/" not in line
