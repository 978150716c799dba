"""What several endpoints share: public access, and the MFA switch."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request

from accounts.conf import MfaMode, switches
from accounts.errors import MfaDisabled
from core.switchable import SwitchableAPIView


class PublicEndpoint:
    """Ignores an access token: a stale one must not stop a login or a reset."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()

    def get_authenticate_header(self, request: Request) -> str:
        # Without it DRF turns a 401 into a 403.
        return "Bearer"


class MfaEndpoint(SwitchableAPIView):
    refusal = MfaDisabled
    throttle_scope = "mfa"

    @staticmethod
    def is_on() -> bool:
        return switches.mfa_mode is not MfaMode.DISABLED
