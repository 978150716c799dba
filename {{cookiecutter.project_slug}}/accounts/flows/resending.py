"""Resending: a user who did not get the e-mail of the sign-up asks for another one.

1. The limits count the address, whether it has an account or not.
2. The request posts an e-mail for any address, and the response is the same for each.
3. In Django admin, an administrator asks for it.
4. The worker looks the account up. Only one that signed up and is not verified gets the e-mail.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import AddressField
from accounts.api.responses import DetailOutput
from accounts.conf import EmailVerification, switches
from accounts.models import User
from accounts.services.email_limits import count_email
from accounts.services.links import bindings
from core.error_responses import refused
from core.logging import security_log
from core.switchable import SwitchableAPIView
from mail import outbox

SENT = _("If this e-mail address still has to be verified, we have sent it a new link.")


class ResendingInput(serializers.Serializer[Any]):
    email = AddressField()


@transaction.atomic
def resend_to(user: User, *, by: User, now: datetime) -> None:
    """``by`` is an administrator."""
    resend(email=user.email, now=now)
    security_log.record("verification_resent", account=user.pk, by=by)


def resend(*, email: str, now: datetime) -> None:
    count_email("resend_account", to=email)
    outbox.post(
        emails.verify_address,
        to=email,
        bound_to=bindings.bind_to_address(email),
        not_after=now + emails.SIGN_UP_LINK_LIFETIME,
    )


@extend_schema(tags=["Registration"])
class ResendingView(PublicEndpoint, SwitchableAPIView):
    """Send the link of a sign-up again. The response is the same for every address."""

    throttle_scope = "resend"

    @staticmethod
    def is_on() -> bool:
        return switches.email_verification is not EmailVerification.NONE

    @extend_schema(request=ResendingInput, responses={200: DetailOutput, **refused(400)})
    def post(self, request: Request) -> Response:
        form = ResendingInput(data=request.data)
        form.is_valid(raise_exception=True)
        resend(**form.validated_data, now=timezone.now())
        return Response({"detail": SENT})
