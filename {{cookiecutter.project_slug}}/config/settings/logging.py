"""Logging: one line an event, to standard error."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"paths": {"()": "core.logs.HideSecretsInPaths"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["paths"]}
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would say everything a second time, and unfiltered.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
