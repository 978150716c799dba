"""Registration: a user signs up with an e-mail address.

1. The password is hashed before the address is looked up: a taken address takes the same time.
2. The database's unique constraint decides whether the address is taken. A taken account does not
   change.
3. An e-mail goes out in both cases: a link that verifies the address, or, to the owner of the
   account, a link that resets the password.
4. Where verification is mandatory, the response is the same in both cases. Elsewhere a new user is
   signed in, and a taken address is an error.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, sign_in
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import (
    PasswordField,
    ProfileSerializer,
    refuse_different,
    refuse_weak,
)
from accounts.api.openapi import SignInSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import DetailOutput, SignedInOutput, answer_sign_in
from accounts.api.transport import uses_cookies
from accounts.conf import EmailVerification, switches
from accounts.models import User
from accounts.services.credentials import PASSWORD, Credentials
from accounts.services.email_limits import count_email
from accounts.services.links import bindings
from core.error_responses import refused
from core.logging import security_log
from core.switchable import SwitchableAPIView
from mail import outbox

EMAIL_SENT = _("We have sent you an e-mail. Open the link in it to continue.")
TAKEN = _("An account with this e-mail address already exists. Sign in, or reset your password.")


class RegistrationInput(ProfileSerializer):
    password1 = PasswordField()
    password2 = PasswordField(help_text="The same password again.")

    class Meta(ProfileSerializer.Meta):
        fields = (*ProfileSerializer.Meta.fields, "password1", "password2")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refuse_different(attrs, "password1", "password2")
        password = attrs["password1"]
        profile = {name: attrs[name] for name in attrs.keys() - {"password1", "password2"}}
        try:
            refuse_weak(password, user=User(**profile))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"password1": error.detail}) from None
        return {"password": password, **profile}


def sign_up(
    *, email: str, password: str, in_fragment: bool, now: datetime, **profile: Any
) -> User | None:
    """Returns None where the address has an account. ``in_fragment``: see ``password_reset``."""
    count_email("registration_account", to=email)
    user = User(email=email, **profile, purge_after=now + switches.unverified_account_lifetime)
    user.set_password(password)
    with transaction.atomic():
        created = _save(user)
        _send_email(user, created=created, in_fragment=in_fragment, now=now)
        if created:
            security_log.record("registered", account=user.pk)
        else:
            security_log.record("registered_again")
    return user if created else None


def _save(user: User) -> bool:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _send_email(user: User, *, created: bool, in_fragment: bool, now: datetime) -> None:
    if created and switches.email_verification is not EmailVerification.NONE:
        outbox.post(
            emails.verify_address,
            to=user.email,
            bound_to=bindings.bind(email=user.email, password_hash=user.password),
            not_after=now + emails.SIGN_UP_LINK_LIFETIME,
        )
    elif not created and switches.email_verification is EmailVerification.MANDATORY:
        outbox.post(
            emails.already_signed_up,
            to=user.email,
            parameters={"in_fragment": in_fragment},
            bound_to=bindings.bind_to_address(user.email),
            not_after=now + switches.password_reset_lifetime,
        )


@extend_schema(tags=["Registration"])
class RegistrationView(PublicEndpoint, SwitchableAPIView):
    """Sign up."""

    schema = SignInSchema()
    throttle_scope = "registration"

    @staticmethod
    def is_on() -> bool:
        return not switches.admin_managed_registration

    @extend_schema(
        request=RegistrationInput,
        responses={
            201: sign_in_responses("Registered", DetailOutput, SignedInOutput),
            **refused(400, 401),
        },
    )
    def post(self, request: Request) -> Response:
        form = RegistrationInput(data=request.data)
        form.is_valid(raise_exception=True)
        now, in_fragment = timezone.now(), not uses_cookies(request)
        user = sign_up(**form.validated_data, in_fragment=in_fragment, now=now)
        if switches.email_verification is EmailVerification.MANDATORY:
            return Response({"detail": EMAIL_SENT}, status=status.HTTP_201_CREATED)
        if user is None:
            raise serializers.ValidationError({"email": [TAKEN]}, code="email_taken")
        client = client_of(request)
        result = sign_in.complete_sign_in(
            Credentials.of(user, methods=[PASSWORD]), client=client, now=now, notify_owner=False
        )
        return answer_sign_in(request, result, now=now, status=status.HTTP_201_CREATED)
