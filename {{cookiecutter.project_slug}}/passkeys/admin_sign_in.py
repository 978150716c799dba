"""The sign-in of Django admin with a passkey, which is two factors."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from rest_framework.exceptions import APIException
from rest_framework.utils import json

from accounts.admin.sign_in import complete_login, too_many
from accounts.models import User
from core.client_ip import client_key
from core.logging import security_log
from core.origins import origin_of
from core.ratelimit import throttling
from core.ratelimit.throttling import LimitReached
from passkeys import challenges
from passkeys.challenges import Kind
from passkeys.errors import PasskeyLoginRefused
from passkeys.flows.login import PasskeyLoginInput, authenticate


class AdminPasskeyView(View):
    """Takes the form that ``static/passkeys/admin.js`` has filled."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        target = _target(request)
        try:
            throttling.hit("login", of=client_key(request))
            user = sign_in(request.POST)
        except (APIException, ValueError, RecursionError) as error:
            messages.error(request, _refusal(error))
            query = QueryDict(mutable=True)
            query["next"] = target
            return redirect(f"{reverse('admin:login')}?{query.urlencode()}")
        response = redirect(target)
        # With several backends, ``login`` has to know which one.
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        complete_login(request, response)
        return response


def sign_in(fields: Any) -> User:
    """
    Raises:
        APIException, ValueError, RecursionError: the form is not valid, or the user is not staff.
    """
    form = PasskeyLoginInput(
        data={
            "challenge_id": fields.get("challenge_id"),
            "credential": json.loads(fields.get("credential", "")),
        }
    )
    form.is_valid(raise_exception=True)
    now = timezone.now()
    challenge = challenges.consume(
        Kind.SIGN_IN, challenge_id=form.validated_data["challenge_id"], now=now
    )
    with transaction.atomic():
        user = authenticate(
            form.validated_data["credential"],
            challenge=challenge,
            now=now,
            # A script of a front end must not sign in to the admin with what its user signs there.
            origins={origin_of(settings.PUBLIC_URL)},
        )
    if not user.is_staff:
        security_log.record("login_failed", account=user.pk, reason="admin")
        raise PasskeyLoginRefused
    return user


def _refusal(error: Exception) -> str:
    if isinstance(error, LimitReached):
        return str(too_many(error).message)
    return str(PasskeyLoginRefused.default_detail)


def _target(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else reverse("admin:index")
