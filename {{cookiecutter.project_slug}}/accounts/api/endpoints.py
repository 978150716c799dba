"""What several endpoints have in common: who may call them, and whether they are on."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request

from accounts.conf import MfaMode, switches
from accounts.errors import MfaDisabled


class PublicEndpoint:
    """Ignores an ``Authorization`` header, for a stale token must not stop a login or a reset."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()

    def get_authenticate_header(self, request: Request) -> str:
        """DRF would turn a 401 into a 403 without one."""
        return "Bearer"


class MfaEndpoint:
    """For a ``SwitchableAPIView``: it is there where people can have a second factor."""

    refusal: type[Exception] = MfaDisabled
    throttle_scope = "mfa"

    @staticmethod
    def is_on() -> bool:
        return switches.mfa_mode is not MfaMode.DISABLED
