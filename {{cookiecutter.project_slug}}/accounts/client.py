"""Who is asking, with what it has kept of a sign-in before."""

from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from core import client


@dataclass(frozen=True, slots=True)
class Client(client.Client):
    """
    Attributes:
        device_token: made by ``accounts.known_devices``, perhaps; unread, "" for none.
        former_refresh_token: of the session that a browser still has; unread, "" for none.
    """

    device_token: str = ""
    former_refresh_token: str = ""

    @classmethod
    def of(
        cls, request: HttpRequest, *, device_token: str = "", former_refresh_token: str = ""
    ) -> Self:
        seen = client.client_of(request)
        return cls(seen.ip, seen.user_agent, device_token, former_refresh_token)
