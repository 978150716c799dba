"""Logging to standard error, one event per line (docs/logging.md)."""

import logging

import structlog

from config.env import env
from config.settings.base import DEBUG

LOG_FORMAT = env.choice("LOG_FORMAT", "line" if DEBUG else "json", ("json", "line"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))

# Their own handlers would log a second time, without hiding secrets.
_WITH_HANDLERS = ("django", "django.server", "gunicorn.error", "gunicorn.access")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ours": {"()": "core.logging.format.Formatter", "style": LOG_FORMAT}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "ours"},
        # A logger without a handler would write to standard error.
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        **{name: {"handlers": [], "propagate": True} for name in _WITH_HANDLERS},
        # Gunicorn warns of each response to HEAD with a body, which it drops.
        "gunicorn.http.wsgi": {"level": "ERROR"},
        # Scanners send any host name: they get a 400, without a line in the log.
        "django.security.DisallowedHost": {"handlers": ["none"], "propagate": False},
        # The line of a finished task is enough.
        "celery.worker.strategy": {"level": "WARNING"},
        # LOG_LEVEL hides no event of the security log.
        "security": {"level": "INFO"},
    },
}

# Python's warnings are logged too (``py.warnings``).
logging.captureWarnings(True)

# structlog's loggers use the handlers and levels above.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.stdlib.render_to_log_args_and_kwargs,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
