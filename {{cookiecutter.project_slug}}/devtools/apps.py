import logging

from django.apps import AppConfig


class DevtoolsConfig(AppConfig):
    name = "devtools"

    def ready(self) -> None:
        logging.getLogger("django.server").addFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """An open mailbox asks for new letters every three seconds; ``make run`` asks for health."""
    line = record.getMessage()
    return "GET /mailbox/sent/latest/" not in line and "GET /health/" not in line
