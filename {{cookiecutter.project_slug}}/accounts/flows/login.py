"""Login: an e-mail address and a password become a session.

1. ``services.passwords.verification`` counts the attempt, per account. A recognised device has its
   own count, so that a stranger's guesses do not lock the owner out.
2. It verifies the password. An unknown address takes the same time and gets the same response.
3. Where verification is mandatory, an account with an unverified address is refused.
4. If the local file has it as a leaked password, the owner gets an e-mail, once.
5. ``sign_in.complete_sign_in`` lets ``services.sessions.store`` open the session and write the
   history, in one statement, if the account still has that password hash. A user who must show or
   set up a second factor gets a challenge instead. A trusted device does not have to show one. The
   browser's former session ends, and an e-mail tells of a new device.
6. ``services.sessions.tokens`` signs the tokens. The response has the access token; the refresh
   token is in its cookie, or in the body.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import emails, sign_in
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import AddressField, PasswordField
from accounts.api.openapi import LoginSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.errors import IncorrectCredentials
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import leaked_passwords, verification
from accounts.sign_in import SignInResult
from core.error_responses import refused
from core.logging import security_log


class LoginInput(serializers.Serializer[Any]):
    email = AddressField()
    password = PasswordField()


def login(*, email: str, password: str, client: Client, now: datetime) -> SignInResult:
    """
    Raises:
        IncorrectCredentials: wrong password, unknown address or inactive account.
        EmailNotVerified: the password is correct, but the address must be verified first.
        LimitReached: too many attempts; this password was not verified.
    """
    credentials = verification.verify_credentials(
        email=email, password=password, client=client, now=now
    )
    if credentials is None:
        raise IncorrectCredentials
    sign_in.require_verified_email(credentials)
    warn_of_leak(credentials, password)
    return sign_in.complete_sign_in(credentials, client=client, now=now)


def warn_of_leak(credentials: Credentials, password: str) -> None:
    """E-mails the owner of a leaked password, once for each password. The sign-in goes on."""
    if not leaked_passwords.is_in_file(password):
        return
    with transaction.atomic():
        if leaked_passwords.mark_leak_reported(credentials):
            security_log.record("leaked_password_used", account=credentials.user_id)
            emails.tell_owner(emails.password_leaked, credentials)


@extend_schema(tags=["Sign-in"])
class LoginView(PublicEndpoint, APIView):
    """Sign in with an e-mail address and a password."""

    schema = LoginSchema()
    throttle_scope = "login"

    @extend_schema(
        request=LoginInput,
        responses={200: sign_in_responses("SignedIn", SignedInOutput), **refused(400, 401)},
    )
    def post(self, request: Request) -> Response:
        form = LoginInput(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        result = login(**form.validated_data, client=client_of(request), now=now)
        return answer_sign_in(request, result, now=now)
