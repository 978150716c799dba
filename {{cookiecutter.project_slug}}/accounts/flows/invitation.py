"""Invitation: an admin lets somebody in, who then sets the password.

1. An admin names an address and a role. An account whose address was never verified is taken over,
   for whoever signed up has not shown the mailbox. A verified one is left alone.
2. A new unusable password makes every earlier link, cookie and session of the account worthless.
3. The letter has a link; ``flows.verification`` opens it, leaves a cookie and leads to a form.
4. The cookie sets the password, which accepts the invitation and verifies the address.
5. ``entry.admit`` signs the person in. What nobody accepts in time is purged: the address is free.
"""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import transaction
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import capabilities, letters, second_factor
from accounts.conf import switches
from accounts.http import HasRole, LiveSessionAuthentication, session_of
from accounts.inputs import AddressField, PersonNameField
from accounts.models import User
from accounts.pages import INVITATION_COOKIE, Page, show_password_form
from accounts.set_password import SetPasswordView
from core.errors import refused
from core.switchable import SwitchableAPIView
from mail import outbox

logger = logging.getLogger(__name__)

HELD = "There is an account with this address already."


class InvitationInput(serializers.Serializer[Any]):
    email = AddressField()
    role = serializers.ChoiceField(User.Role.choices)
    first_name = PersonNameField(required=False, default="")
    last_name = PersonNameField(required=False, default="")


@transaction.atomic
def invite(*, inviter: User, email: str, now: datetime, **fields: Any) -> None:
    """
    Args:
        fields: role, first_name and last_name.

    Raises:
        ValidationError: the address is that of an account which is not to be taken over.
    """
    user, _ = User.objects.select_for_update().get_or_create(
        email=email, defaults={"password": make_password(None)}
    )
    if not _may_be_taken_over(user, inviter):
        raise serializers.ValidationError({"email": [HELD]})
    for name, value in fields.items():
        setattr(user, name, value)
    user.invited_at = now
    user.set_unusable_password()
    user.save()
    second_factor.remove_all(user_id=user.pk)
    outbox.post(
        letters.invitation,
        to=email,
        bound_to=capabilities.binding(email=email, password_hash=user.password),
        not_after=now + switches.invitation_lifetime,
    )


def _may_be_taken_over(user: User, inviter: User) -> bool:
    """What was closed stays closed, and nobody invites themselves or those above them."""
    above = user.is_superuser or user.pk == inviter.pk
    return user.is_active and not user.email_verified and not above


def purge_unaccepted(*, now: datetime) -> int:
    """Deletes the accounts of invitations that expired; says how many there were."""
    expired = User.objects.filter(
        invited_at__lte=now - switches.invitation_lifetime,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
        email_verified=False,
    )
    purged = 0
    for pk in expired.values_list("pk", flat=True):
        with transaction.atomic():
            # Locked, for somebody may just be accepting.
            user = expired.select_for_update(skip_locked=True).filter(pk=pk).first()
            purged += user is not None and _delete(user)
    return purged


def _delete(user: User) -> bool:
    try:
        user.delete()
    except ProtectedError:
        logger.warning("expired invitation kept, rows refer to it: user=%s", user.pk)
        return False
    return True


class InvitationView(SwitchableAPIView):
    """Invite somebody, or invite them again with a new link."""

    authentication_classes = (LiveSessionAuthentication,)
    permission_classes = (HasRole(User.Role.ADMIN),)

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
        invite(inviter=session_of(request).user, now=timezone.now(), **form.validated_data)
        return Response({}, status=status.HTTP_201_CREATED)


class SetPasswordForm(Page):
    """The built-in form, where ``PASSWORD_SET_REDIRECT`` names no other."""

    @staticmethod
    def is_on() -> bool:
        return switches.invitations and not settings.PASSWORD_SET_REDIRECT

    def get(self, request: HttpRequest) -> HttpResponse:
        return show_password_form(
            request, INVITATION_COOKIE, bad_link="invitation", action=reverse("rest_set_password")
        )


class AcceptInvitationView(SetPasswordView, SwitchableAPIView):
    """Accept an invitation: set the password with the cookie that the link has left."""

    cookie = INVITATION_COOKIE

    @staticmethod
    def is_on() -> bool:
        return switches.invitations
