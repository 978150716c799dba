"""Invitation: an admin creates an account, and its owner sets the password.

1. An admin names an address and a role. An account that never verified its address is taken over.
   An account that is verified, staff or inactive is not.
2. A new unusable password invalidates every earlier link, cookie and session of the account.
3. The e-mail has a link. ``flows.verification`` opens it, sets a cookie and redirects to a form.
   Where body transport is the default, it leads to ``PASSWORD_SET_REDIRECT``, with the token in
   the fragment.
4. The cookie, or that token, sets the password. This accepts the invitation and verifies the
   address.
5. ``sign_in.complete_sign_in`` signs the user in.
6. ``accounts.services.unused_accounts`` deletes the account if the invitation expires.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import emails, revocation, sign_in
from accounts.api.authentication import LiveSessionAuthentication, session_of
from accounts.api.fields import NewAddressField, PersonNameField
from accounts.api.permissions import HasRole
from accounts.api.set_password import SetPasswordEndpoint
from accounts.conf import switches
from accounts.errors import TokenNotValid
from accounts.link_cookies import INVITATION_COOKIE
from accounts.models import User
from accounts.pages.responses import show_password_form
from accounts.pages.views import Page
from accounts.services import email_addresses
from accounts.services.client import Client
from accounts.services.email_limits import count_email
from accounts.services.links import bindings
from accounts.services.links.signed_links import Purpose, SignedLink
from accounts.services.passwords import replacement
from accounts.services.privileges import has_more_privileges
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log
from core.openapi import EMPTY
from core.switchable import SwitchableAPIView
from mail import outbox

TAKEN = _("An account with this e-mail address already exists.")


class InvitationInput(serializers.Serializer[Any]):
    email = NewAddressField()
    role = serializers.ChoiceField(User.Role.choices)
    first_name = PersonNameField(required=False, default="")
    last_name = PersonNameField(required=False, default="")


@transaction.atomic
def invite(
    *, email: str, role: str, first_name: str, last_name: str, by: User, now: datetime
) -> User:
    """Raises ``ValidationError`` or ``LimitReached``."""
    count_email("invitation_account", to=email)
    user, created = User.objects.select_for_update(no_key=True).get_or_create(
        email=email, defaults={"password": make_password(None)}
    )
    if not _may_be_taken_over(user) or (not created and has_more_privileges(user, than=by)):
        raise serializers.ValidationError({"email": [TAKEN]}, code="email_taken")
    if created:
        user.purge_after = now
    user.role, user.first_name, user.last_name = role, first_name, last_name
    _renew(user, now=now)
    if created:
        user.save()
    else:
        revocation.clear_unverified_account(user, reason="invitation")
    _send(user, by=by, now=now)
    return user


@transaction.atomic
def send_again(user: User, *, by: User, now: datetime) -> bool:
    """Sends a pending invitation again, with the same rights. Returns False if none is pending."""
    pending = User.objects.lock_unchanged(user)
    if pending is None or not pending.is_invited:
        return False
    count_email("invitation_account", to=pending.email)
    _renew(pending, now=now)
    # Another one, which ends earlier links.
    pending.set_unusable_password()
    pending.save()
    _send(pending, by=by, now=now)
    return True


def _renew(user: User, *, now: datetime) -> None:
    if user.purge_after:
        user.purge_after = now + switches.invitation_lifetime
    user.invited_at = now


def _send(user: User, *, by: User, now: datetime) -> None:
    outbox.post(
        emails.invitation,
        to=user.email,
        # Not the name: the e-mail must not outlive the account of the administrator.
        parameters={"by": str(by.pk)},
        bound_to=bindings.bind(email=user.email, password_hash=user.password),
        not_after=now + switches.invitation_lifetime,
    )
    security_log.record("invited", account=user.pk, by=by, role=user.role)


def _may_be_taken_over(user: User) -> bool:
    # Otherwise an invitation could demote staff, or reopen an account that was closed.
    is_unverified = not user.email_verified and user.role == User.Role.USER
    return user.is_active and not user.is_superuser and (user.is_invited or is_unverified)


@extend_schema(tags=["Registration"])
class InvitationView(SwitchableAPIView):
    """Invite a user, or send a new link."""

    authentication_classes = (LiveSessionAuthentication,)
    permission_classes = (HasRole(User.Role.ADMIN),)
    throttle_scope = "invitation"

    @staticmethod
    def is_on() -> bool:
        return switches.invitations

    @extend_schema(
        request=InvitationInput,
        responses={201: EMPTY, **refused(400, 401, 403)},
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
    user = link.user
    with transaction.atomic():
        if not replacement.replace_password(user=user, new_password=new_password):
            raise TokenNotValid
        user.refresh_from_db(fields=["email_verified", *User.SECOND_FACTOR])
        # Until now it was that of the admin's request.
        User.objects.filter(pk=user.pk).update(language=get_language())
        revocation.revoke_all(user)
        email_addresses.mark_verified(user)
        security_log.record("password_set", account=user.pk, way="invitation")
    return sign_in.complete_sign_in_by_link(user, client=client, now=now)


@extend_schema(tags=["Registration"])
class AcceptInvitationView(SetPasswordEndpoint, SwitchableAPIView):
    """Accept an invitation: set the password, with the link's cookie or its token."""

    cookie, purpose = INVITATION_COOKIE, Purpose.INVITATION
    set_password = staticmethod(accept)

    @staticmethod
    def is_on() -> bool:
        return switches.invitations
