"""The client of a request, as the services see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """The tokens are not verified."""

    # None behind a Unix socket without a proxy.
    ip: str | None
    user_agent: str
    device_token: str = ""
    former_refresh_token: str = ""
    trust_tokens: tuple[str, ...] = ()
    """Tokens of a trusted device: a browser may send several cookies."""
