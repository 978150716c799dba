"""Sentry, if ``SENTRY_DSN`` is set. Its SDK is the extra ``sentry``."""

from importlib.util import find_spec

from config.env import env


def _share(raw: str) -> float:
    share = float(raw)
    if not 0 <= share <= 1:
        raise ValueError(raw)
    return share


def _start(dsn: str) -> None:
    from core.logging import sentry

    sentry.start(dsn, environment=_ENVIRONMENT, traces=_TRACES)


_ENVIRONMENT = env.pattern(
    "SENTRY_ENVIRONMENT", "", r"(?!None$)[\w.-]{1,64}", "a word of at most 64 letters"
)
_TRACES = env.read("SENTRY_TRACES_SAMPLE_RATE", _share, 0.0, "a number from 0 to 1")

if env.text("SENTRY_DSN") and not find_spec("sentry_sdk"):
    env.problems["SENTRY_DSN"] = "SENTRY_DSN must be unset, or the extra `sentry` installed."
else:
    env.read("SENTRY_DSN", _start, None, "the DSN of a project in Sentry")
