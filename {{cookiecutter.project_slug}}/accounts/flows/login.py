"""Login: an e-mail address and a password become a session.

1. The password is checked; an unknown address costs the same time and gets the same answer.
2. Where verification is mandatory, whoever knows the password may be told that it is missing.
3. ``entry.admit`` opens the session, if the password is still the one that was checked; whoever has
   a second factor, or needs one, gets a challenge instead.
4. The access token is in the answer, the refresh token in its cookie (or beside it).
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import entry, passwords
from accounts.conf import EmailVerification, switches
from accounts.entry import Entry
from accounts.errors import EmailNotVerified, IncorrectCredentials
from accounts.http import PublicEndpoint, TokensOutput, answer_entry
from accounts.inputs import AddressField, PasswordField
from accounts.schema import entered
from core.client import Client, client_of
from core.errors import refused


class LoginInput(serializers.Serializer[Any]):
    email = AddressField()
    password = PasswordField()


def login(*, email: str, password: str, client: Client, now: datetime) -> Entry:
    """
    Raises:
        IncorrectCredentials: for every reason why this person may not come in.
        EmailNotVerified: the password is right, the address not verified, and it has to be.
    """
    proof = passwords.prove(email=email, password=password)
    if proof is None:
        raise IncorrectCredentials
    if switches.email_verification is EmailVerification.MANDATORY and not proof.email_verified:
        raise EmailNotVerified
    return entry.admit(proof, client=client, now=now)


class LoginView(PublicEndpoint, APIView):
    """Sign in with an e-mail address and a password."""

    @extend_schema(
        request=LoginInput, responses={200: entered("SignedIn", TokensOutput), **refused(400, 401)}
    )
    def post(self, request: Request) -> Response:
        form = LoginInput(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        entered = login(**form.validated_data, client=client_of(request), now=now)
        return answer_entry(entered, now=now)
