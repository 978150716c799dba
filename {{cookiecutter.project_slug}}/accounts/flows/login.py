"""Login: an e-mail address and a password become a session.

1. The rate limits count the attempt, per account. A recognised device has its own count, so that
   a stranger's guesses do not lock the owner out.
2. The password is verified. An unknown address takes the same time and gets the same response.
3. Where verification is mandatory, an account with an unverified address is refused.
4. ``sign_in.complete_sign_in`` opens the session if the account still has that password hash. A
   user who must show or set up a second factor gets a challenge instead.
5. The response has the access token. The refresh token is in its cookie, or in the body.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import sign_in
from accounts.api.endpoints import PublicEndpoint
from accounts.api.fields import AddressField, PasswordField
from accounts.api.openapi import DeviceSchema, sign_in_responses
from accounts.api.requests import client_of
from accounts.api.responses import SignedInOutput, answer_sign_in
from accounts.errors import IncorrectCredentials
from accounts.services.client import Client
from accounts.services.passwords import verification
from accounts.sign_in import SignInResult
from core.errors import refused


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
    return sign_in.complete_sign_in(credentials, client=client, now=now)


@extend_schema(tags=["Sign-in"])
class LoginView(PublicEndpoint, APIView):
    """Sign in with an e-mail address and a password."""

    schema = DeviceSchema()
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
