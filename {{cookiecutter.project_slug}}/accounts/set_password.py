"""A new password for whoever has shown the mailbox: the end of a reset and of an invitation alike.

The cookie that the link has left is the proof. One conditional UPDATE replaces the password, so of
two requests with one cookie exactly one succeeds, and no lock is held while a hash is made.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import (
    addresses,
    entry,
    known_devices,
    letters,
    notices,
    passwords,
    past,
    second_factor,
)
from accounts.capabilities import Capability, CapabilityNotValid
from accounts.client import Client
from accounts.entry import Entry, SignedIn
from accounts.errors import CsrfFailed, TokenNotValid
from accounts.http import (
    PublicEndpoint,
    SignedInOutput,
    answer_entry,
    clear_refresh_cookie,
    client_of,
)
from accounts.inputs import NewPasswordInput
from accounts.models import User
from accounts.pages import CapabilityCookie
from accounts.proof import Proof
from accounts.schema import entered
from core import security_log
from core.cookies import values_of
from core.errors import refused
from core.throttling import ScopedRateThrottle, UserRateThrottle
from mail.letters import Letter

DONE = "Your password has been set."
_CSRF = re.compile(r"[A-Za-z0-9]{32}([A-Za-z0-9]{32})?")


class SetPasswordOutput(SignedInOutput):
    """The password is set, and whoever set it is signed in."""

    detail = serializers.CharField()


def set_password(
    *, capability: Capability, new_password: str, client: Client, now: datetime
) -> Entry:
    """Sets the password, ends all that was opened before, and signs in.

    Raises:
        TokenNotValid: the capability was spent in the meantime.
    """
    user = capability.user
    with transaction.atomic():
        had_password = user.has_usable_password()
        if not passwords.replace(user=user, new_password=new_password):
            raise TokenNotValid
        # Read before the hash was made, and a second factor may have come in that time.
        user.refresh_from_db(fields=["email_verified", *User.SECOND_FACTOR, "role"])
        is_removed = _remove_unproven_second_factor(user, client)
        past.end(user)
        if had_password:
            _tell(letters.password_changed, user, client)
        addresses.mark_verified(user)
    way = "reset" if had_password else "invitation"
    security_log.record("password_set", account=user.pk, way=way)
    if is_removed:
        security_log.record("second_factor_off", account=user.pk, reason="password_reset")
    return _enter(Proof.of(user), client, now)


def _remove_unproven_second_factor(user: User, client: Client) -> bool:
    if not user.has_second_factor or second_factor.outlives_reset(user):
        return False
    second_factor.remove_all(user)
    _tell(letters.second_factor_off_by_reset, user, client)
    return True


def _tell(letter: Letter, user: User, client: Client) -> None:
    # The link, or the cookie that it left, has just shown the mailbox.
    notices.tell_owner(letter, to=user.email, verified=True, parameters={"ip": client.ip})


def _enter(proof: Proof, client: Client, now: datetime) -> Entry:
    entered = entry.admit(proof, client=client, now=now, owner_knows=True)
    if isinstance(entered, SignedIn):
        return entered
    # Nobody is signed in yet, and whoever was at this browser is not any more.
    entry.end_former_session(client, now=now)
    # The way back in while strangers use up the guesses: the sign-in that follows is counted apart.
    device = known_devices.issue(
        user_id=proof.user_id,
        password_hash=proof.password_hash,
        now=now,
        kept=client.device_token,
    )
    return replace(entered, device=device)


class SetPasswordView(PublicEndpoint, APIView):
    cookie: ClassVar[CapabilityCookie]
    throttle_classes = (UserRateThrottle, ScopedRateThrottle)
    throttle_scope = "set_password"

    @extend_schema(
        request=NewPasswordInput,
        responses={200: entered("PasswordSet", SetPasswordOutput), **refused(400, 401, 403)},
    )
    def post(self, request: Request) -> Response:
        now = timezone.now()
        try:
            capability = self.cookie.capability(request, now=now)
        except CapabilityNotValid:
            raise TokenNotValid from None
        refuse_other_sites(request)
        form = NewPasswordInput(data=request.data, context={"user": capability.user})
        form.is_valid(raise_exception=True)
        entered = set_password(
            capability=capability,
            new_password=form.validated_data["new_password1"],
            client=client_of(request),
            now=now,
        )
        response = answer_entry(entered, now=now, detail=DONE)
        self.cookie.clear(response)
        return response if isinstance(entered, SignedIn) else clear_refresh_cookie(response)


def refuse_other_sites(request: Request) -> None:
    """Another site could make the browser send the cookie, but not the header.

    Raises:
        CsrfFailed: see Django's ``CsrfViewMiddleware``, which decides it.
    """
    name = settings.CSRF_COOKIE_NAME
    # Not so many and no more: to compare one costs nothing, and the site's own may be the last.
    values = values_of(request, name, _CSRF) or [request.COOKIES.get(name, "")]
    if not any(_passes(request, {name: value}) for value in values):
        raise CsrfFailed


def _passes(request: Request, cookie: dict[str, str]) -> bool:
    # Of several cookies Django keeps the last, and the page's script may have read another. To
    # know any of them is to read this site's cookies; the origin is compared as well.
    request.COOKIES.update(cookie)
    check = CSRFCheck(_unused)
    check.process_request(request)
    return check.process_view(request, _unused, (), {}) is None


def _unused(request: HttpRequest) -> HttpResponseBase:
    """Middleware wants the next one and a view; here it only checks."""
    raise AssertionError
