"""What identifies a user who sets up a second factor: a session, or the challenge of a sign-in."""

from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts import revocation
from accounts.api.authentication import live_session
from accounts.api.fields import ChallengeField
from accounts.errors import InvalidChallenge, TokenNotValid
from accounts.models import LoginChallenge, Session, User
from accounts.services.mfa import challenges, trusted_devices
from accounts.services.mfa.challenges import Kind
from accounts.services.sessions import store

Origin = Session | LoginChallenge


class SetupInput(serializers.Serializer[Any]):
    setup_challenge_id = ChallengeField(
        required=False,
        help_text="From the response to the sign-in. It replaces the access token, which is then "
        "ignored. Without it, the access token must be of a sign-in in the last 15 minutes.",
    )


def find(request: Request, form: serializers.Serializer[Any], *, now: datetime) -> Origin:
    """
    Raises:
        InvalidChallenge: the challenge is forged, expired or consumed.
        NotAuthenticated, TokenNotValid: there is no access token, or its session has ended.
        ReauthenticationRequired: the sign-in is not recent, or has shown no second factor.
        ValidationError: the form is not valid.
    """
    data = request.data
    if isinstance(data, dict) and "setup_challenge_id" in data:
        form.is_valid(raise_exception=True)
        return challenges.find(Kind.SETUP, form.validated_data["setup_challenge_id"], now=now)
    session = live_session(request)
    store.require_recent(session, now=now)
    # A new factor must not stand in for the one that was not shown.
    store.require_second_factor(session)
    form.is_valid(raise_exception=True)
    return session


def lock_account(origin: Origin) -> User:
    """
    Raises:
        InvalidChallenge, TokenNotValid: the account changed.
    """
    user = User.objects.lock_unchanged(origin.user)
    # A setup challenge is for accounts without a second factor: another request has added one.
    if user is None or (isinstance(origin, LoginChallenge) and user.has_second_factor):
        raise outdated(origin)
    return user


def conclude(origin: Origin, *, method: str, is_first: bool) -> None:
    """Notes the second factor in the session, or consumes the challenge.

    The account's first factor ends all others: they have shown none. Each ends trusted devices.
    """
    if isinstance(origin, Session):
        is_live, kept = store.add_second_factor(origin, method), origin.pk
    else:
        is_live, kept = challenges.consume(origin), None
    if not is_live:
        raise outdated(origin)
    if is_first:
        revocation.revoke_others(origin.user, kept=kept)
    else:
        trusted_devices.revoke_all(user_id=origin.user_id)


def outdated(origin: Origin) -> Exception:
    return TokenNotValid() if isinstance(origin, Session) else InvalidChallenge()
