"""Logging: one event per line, to standard error (docs/logging.md)."""

import logging

import structlog

from config.env import env
from config.settings.base import DEBUG

LOG_FORMAT = env.choice("LOG_FORMAT", "line" if DEBUG else "json", ("json", "line"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))

# Their own handlers would log each event twice, and with secrets.
_WITH_HANDLERS = ("django", "django.server", "gunicorn.error", "gunicorn.access")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": "core.logging.format.Formatter", "style": LOG_FORMAT}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "ours"},
        # Without a handler, Python writes to standard error.
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        **{name: {"handlers": [], "propagate": True} for name in _WITH_HANDLERS},
        # Warns of the body of each response to HEAD, which the server drops.
        "gunicorn.http.wsgi": {"level": "ERROR"},
        # Scanners would fill the log.
        "django.security.DisallowedHost": {"handlers": ["none"], "propagate": False},
        # Celery logs another line at the end of a task.
        "celery.worker.strategy": {"level": "WARNING"},
        # LOG_LEVEL does not affect the security log.
        "security": {"level": "INFO"},
    },
}

# Python's warnings become events of ``py.warnings``.
logging.captureWarnings(True)

# structlog adds facts to the loggers of the standard library.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.render_to_log_args_and_kwargs,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
