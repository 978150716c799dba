"""Reports errors to Sentry, without personal data. Only imported if ``SENTRY_DSN`` is set."""

from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.types import Event, Hint
from structlog.contextvars import get_contextvars

from core.logging.format import without_secrets

_REPORTED = ("method", "url")


def start(dsn: str, *, environment: str, traces: float) -> None:
    """Traces the given share of requests and tasks. Raises ``ValueError`` for an invalid DSN."""
    ignore_logger("django.security.DisallowedHost")
    sentry_sdk.init(
        dsn,
        environment=environment or None,
        # A client's request can override ``traces_sample_rate``.
        traces_sampler=(lambda _: traces) if traces else None,
        # Other servers do not get the ids of traces.
        trace_propagation_targets=[],
        send_default_pii=False,
        max_request_body_size="never",
        # They hold passwords and tokens.
        include_local_variables=False,
        before_send=_scrubbed,
        before_send_transaction=_scrubbed,
    )


def _scrubbed(event: Event, _: Hint) -> Event:
    """Removes headers, cookies and query, and adds the request's id."""
    request = event.get("request", {})
    # The arguments of a command may name a user, and the data of a breadcrumb an account.
    event.get("extra", {}).pop("sys.argv", None)
    for crumb in cast(Any, event).get("breadcrumbs", {}).get("values", []):
        crumb.pop("data", None)
    event["request"] = {key: request[key] for key in _REPORTED if key in request}
    if request_id := get_contextvars().get("request_id"):
        event["tags"] = {**event.get("tags", {}), "request_id": request_id}
    return cast(Event, _without_secrets(event))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    return without_secrets(value) if isinstance(value, str) else value
