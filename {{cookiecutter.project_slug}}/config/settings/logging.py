"""Logging: one event a line, to standard error (docs/logging.md)."""

import logging

import structlog

from config.env import env
from config.settings.base import DEBUG

LOG_FORMAT = env.choice("LOG_FORMAT", "line" if DEBUG else "json", ("json", "line"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))

# Their own handlers would say everything a second time, and hide nothing.
_WITH_HANDLERS = ("django", "django.server", "gunicorn.error", "gunicorn.access")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": "core.logging.format.Formatter", "style": LOG_FORMAT}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "ours"},
        # A logger without any would write to standard error.
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        **{name: {"handlers": [], "propagate": True} for name in _WITH_HANDLERS},
        # Django leaves it to the server to drop the body of an answer to HEAD.
        "gunicorn.http.wsgi": {"level": "ERROR"},
        # Scanners ask for any name: they get their 400, and fill no log.
        "django.security.DisallowedHost": {"handlers": ["none"], "propagate": False},
        # A task's own line says it all when it is done.
        "celery.worker.strategy": {"level": "WARNING"},
        # At any LOG_LEVEL, no event of the security log is lost.
        "security": {"level": "INFO"},
    },
}

# Python's warnings go the same way (``py.warnings``).
logging.captureWarnings(True)

# structlog's loggers are the standard library's, with facts: handlers and levels are set above.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.render_to_log_args_and_kwargs,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
