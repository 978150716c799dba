"""Trusted devices: users see which devices skip the second factor, and end that.

1. The access token names the user and the current session.
2. The list shows each device as it was when the user trusted it, and until when.
3. Ending the trust deletes the row: the next sign-in there requires the second factor. Sessions
   that were opened without one, because the device was trusted, can no longer be refreshed.
4. Ending it for the current device also clears the cookie.
"""

import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.cookies import TRUSTED
from accounts.api.endpoints import MfaEndpoint
from accounts.api.openapi import TrustedDeviceSchema
from accounts.api.requests import client_of
from accounts.api.transport import uses_cookies
from accounts.models import TrustedDevice
from accounts.services.mfa import trusted_devices
from core.error_responses import refused
from core.logging import security_log


class TrustedDeviceOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created = serializers.DateTimeField(source="created_at")
    expires = serializers.DateTimeField(source="expires_at")
    ip = serializers.IPAddressField(source="ip_address", allow_null=True)
    user_agent = serializers.CharField()
    current = serializers.SerializerMethodField(help_text="The device of this request.")

    def get_current(self, device: TrustedDevice) -> bool:
        return bool(device == self.context["current"])


def _current(request: Request) -> TrustedDevice | None:
    user_id, now = session_of(request).user_id, timezone.now()
    return trusted_devices.find(client_of(request).trust_tokens, user_id=user_id, now=now)


class TrustedDeviceEndpoint(MfaEndpoint):
    schema = TrustedDeviceSchema()
    authentication_classes = (LiveSessionAuthentication,)


@extend_schema(tags=["MFA"])
class TrustedDeviceListView(TrustedDeviceEndpoint):
    """The devices on which a sign-in does not require the second factor."""

    @extend_schema(responses={200: TrustedDeviceOutput(many=True), **refused(400, 401)})
    def get(self, request: Request) -> Response:
        devices = trusted_devices.list_live(session_of(request).user_id, now=timezone.now())
        context = {"current": _current(request)}
        return Response(TrustedDeviceOutput(devices, many=True, context=context).data)


@extend_schema(tags=["MFA"])
class TrustedDeviceView(TrustedDeviceEndpoint):
    """One of the user's trusted devices."""

    @extend_schema(responses={204: None, **refused(400, 401, 404)})
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        """Require the second factor on this device again."""
        session, current = session_of(request), _current(request)
        if not trusted_devices.revoke(device_id=device_id, user_id=session.user_id):
            raise Http404
        security_log.record("device_trust_ended", account=session.user_id, session=session.pk)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        if current and current.pk == device_id and uses_cookies(request):
            TRUSTED.delete(response)
        return response
