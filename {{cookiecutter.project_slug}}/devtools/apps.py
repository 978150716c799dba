import logging

from django.apps import AppConfig


class DevtoolsConfig(AppConfig):
    name = "devtools"

    def ready(self) -> None:
        logging.getLogger("django.server").addFilter(_is_no_poll)


def _is_no_poll(record: logging.LogRecord) -> bool:
    # An open mailbox polls every three seconds.
    line = record.getMessage()
    return "GET /mailbox/sent/latest/" not in line and "GET /health/" not in line
