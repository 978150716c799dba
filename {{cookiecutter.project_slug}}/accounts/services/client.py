"""The client behind a request, with what it has kept of an earlier sign-in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """
    Attributes:
        ip: None where the server does not know it (a Unix socket without a proxy).
        device_token: perhaps one of ``passwords.recognised_devices``; not verified, "" for none.
        former_refresh_token: of the session that a browser still has; not verified, "" for none.
    """

    ip: str | None
    user_agent: str
    device_token: str = ""
    former_refresh_token: str = ""
