"""Invitation: an admin lets somebody in, who then sets the password.

1. An admin names an address and a role. An account whose address was never verified is taken over,
   for the person who signed up has not shown the mailbox. Verified people and staff are left alone.
2. A new unusable password makes every earlier link, cookie and session of the account worthless.
3. The e-mail has a link; ``flows.verification`` opens it, leaves a cookie and leads to a form.
4. The cookie sets the password, which accepts the invitation and verifies the address.
5. ``sign_in.complete_sign_in`` signs the person in. What nobody accepts in time is purged
   (``accounts.services.unused_accounts``): the address is free.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, revocation, sign_in
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.csrf import enforce_csrf
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import NewAddressField, NewPasswordInput, PersonNameField
from accounts.api.openapi import sign_in_responses
from accounts.api.permissions import HasRole
from accounts.api.requests import client_of
from accounts.api.responses import SetPasswordOutput, answer_password_set
from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.models import User
from accounts.pages.link_cookies import INVITATION_COOKIE
from accounts.pages.responses import show_password_form
from accounts.pages.views import Page
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.email_limits import count_email
from accounts.services.links import bindings
from accounts.services.links.signed_links import LinkNotValid, SignedLink
from accounts.services.mfa import authenticators
from accounts.services.passwords import verification
from accounts.services.privileges import has_more_privileges
from accounts.sign_in import SignInResult
from core.errors import refused
from core.logging import security_log
from core.ratelimit.throttling import ScopedRateThrottle, UserRateThrottle
from core.switchable import SwitchableAPIView
from mail import outbox

HELD = "An account with this e-mail address already exists."


class InvitationInput(serializers.Serializer[Any]):
    email = NewAddressField()
    role = serializers.ChoiceField(User.Role.choices)
    first_name = PersonNameField(required=False, default="")
    last_name = PersonNameField(required=False, default="")


@transaction.atomic
def invite(
    *, email: str, role: str, first_name: str, last_name: str, by: User, now: datetime
) -> None:
    """
    Raises:
        LimitReached: the address was invited too often lately.
        ValidationError: the address is that of an account which is not to be taken over.
    """
    count_email("invitation_account", to=email)
    user, created = User.objects.select_for_update(no_key=True).get_or_create(
        email=email, defaults={"password": make_password(None)}
    )
    if not _may_be_taken_over(user) or (not created and has_more_privileges(user, than=by)):
        raise serializers.ValidationError({"email": [HELD]})
    if created or user.purge_after:
        # Nobody has used the account so far: it is deleted if the invitation is not accepted.
        user.purge_after = now + switches.invitation_lifetime
    user.role, user.first_name, user.last_name = role, first_name, last_name
    user.invited_at = now
    user.set_unusable_password()
    if user.has_second_factor:
        authenticators.remove_all(user)
        security_log.record("second_factor_off", account=user.pk, reason="invitation")
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    outbox.post(
        emails.invitation,
        to=email,
        bound_to=bindings.bind(email=email, password_hash=user.password),
        not_after=now + switches.invitation_lifetime,
    )
    security_log.record("invited", account=user.pk, by=str(by.pk), role=role)


def _may_be_taken_over(user: User) -> bool:
    """Staff keep theirs, or an invitation could depose them, and what was closed stays closed."""
    pending = user.invited_at is not None and not user.has_usable_password()
    squatted = not user.email_verified and user.role == User.Role.USER
    return user.is_active and not user.is_superuser and (pending or squatted)


class InvitationView(SwitchableAPIView):
    """Invite somebody, or invite them again with a new link."""

    authentication_classes = (LiveSessionAuthentication,)
    permission_classes = (HasRole(User.Role.ADMIN),)
    throttle_scope = "invitation"

    @staticmethod
    def is_on() -> bool:
        return switches.invitations

    @extend_schema(
        request=InvitationInput,
        responses={201: inline_serializer("Invited", {}), **refused(400, 401, 403)},
    )
    def post(self, request: Request) -> Response:
        form = InvitationInput(data=request.data)
        form.is_valid(raise_exception=True)
        invite(**form.validated_data, by=session_of(request).user, now=timezone.now())
        return Response({}, status=status.HTTP_201_CREATED)


class SetPasswordForm(Page):
    """The built-in form, where ``PASSWORD_SET_REDIRECT`` names no other."""

    @staticmethod
    def is_on() -> bool:
        return switches.invitations and not settings.PASSWORD_SET_REDIRECT

    def get(self, request: HttpRequest) -> HttpResponse:
        return show_password_form(request, INVITATION_COOKIE, action=reverse("rest_set_password"))


def accept(*, link: SignedLink, new_password: str, client: Client, now: datetime) -> SignInResult:
    """Sets the first password, which verifies the address, and signs in.

    Raises:
        TokenNotValid: the invitation was accepted, or the account changed, in the meantime.
    """
    user = link.user
    with transaction.atomic():
        if not verification.replace_password(user=user, new_password=new_password):
            raise TokenNotValid
        user.refresh_from_db(fields=["email_verified", *User.SECOND_FACTOR])
        revocation.revoke_all(user)
        email_addresses.mark_verified(user)
    security_log.record("password_set", account=user.pk, way="invitation")
    return sign_in.complete_sign_in_by_link(Credentials.of(user), client=client, now=now)


class AcceptInvitationView(PublicEndpoint, SwitchableAPIView):
    """Accept an invitation: set the password, with the cookie that the link has set."""

    throttle_classes = (UserRateThrottle, ScopedRateThrottle)
    throttle_scope = "set_password"

    @staticmethod
    def is_on() -> bool:
        return switches.invitations

    @extend_schema(
        request=NewPasswordInput,
        responses={
            200: sign_in_responses("PasswordSet", SetPasswordOutput),
            **refused(400, 401, 403),
        },
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        try:
            link = INVITATION_COOKIE.link(request, now=now)
        except LinkNotValid:
            raise TokenNotValid from None
        enforce_csrf(request)
        form = NewPasswordInput(data=request.data, context={"user": link.user})
        form.is_valid(raise_exception=True)
        result = accept(
            link=link,
            new_password=form.validated_data["new_password1"],
            client=client_of(request),
            now=now,
        )
        response = answer_password_set(result, now=now)
        INVITATION_COOKIE.clear(response)
        return response
