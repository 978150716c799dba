"""Errors to Sentry, and nothing of a person with them. Imported where Sentry is used only."""

from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.types import Event, Hint
from structlog.contextvars import get_contextvars

from core.logging.format import without_secrets

_OF_THE_REQUEST = ("method", "url")


def start(dsn: str, *, environment: str, traces: float) -> None:
    """
    Args:
        traces: the share of requests and tasks that are timed; 0 for none.

    Raises:
        ValueError: that is no DSN.
    """
    ignore_logger("django.security.DisallowedHost")
    sentry_sdk.init(
        dsn,
        environment=environment or None,
        # Not a rate, which gives way to what a stranger's request asks for.
        traces_sampler=(lambda _: traces) if traces else None,
        # Nobody else is told the ids of our traces.
        trace_propagation_targets=[],
        send_default_pii=False,
        max_request_body_size="never",
        # They hold passwords and tokens.
        include_local_variables=False,
        before_send=_scrubbed,
        before_send_transaction=_scrubbed,
    )


def _scrubbed(event: Event, _: Hint) -> Event:
    """No header, no cookie, no query; the id of the request leads to its lines in the log."""
    request = event.get("request", {})
    # The arguments of a command may name somebody, and a line before this one an account.
    event.get("extra", {}).pop("sys.argv", None)
    for crumb in cast(Any, event).get("breadcrumbs", {}).get("values", []):
        crumb.pop("data", None)
    event["request"] = {key: request[key] for key in _OF_THE_REQUEST if key in request}
    if request_id := get_contextvars().get("request_id"):
        event["tags"] = {**event.get("tags", {}), "request_id": request_id}
    return cast(Event, _without_secrets(event))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    return without_secrets(value) if isinstance(value, str) else value
