"""Reads and writes tokens: the only module that writes ``ApiToken``."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts import emails as account_emails
from accounts.conf import switches
from accounts.models import User
from api_tokens import conf, emails
from api_tokens.errors import TooManyTokens
from api_tokens.models import ApiToken
from api_tokens.secret import Secret
from core.logging import security_log


def create(
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    now: datetime,
    ip: str | None = None,
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """Makes a token and e-mails the owner. Returns its row and its text, which is not stored.

    Args:
        user: the account, which the caller has locked.
        by: the administrator who makes it.

    Raises:
        TooManyTokens: the account has as many tokens as it may have.
    """
    if not has_room(user, now=now):
        raise TooManyTokens
    secret = Secret.generate()
    token = ApiToken.objects.create(
        id=secret.id,
        user=user,
        name=name,
        digest=secret.digest(),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + lifetime,
    )
    parameters = {
        "name": name,
        "scopes": ", ".join(token.scopes),
        "ip": ip,
        "by_administrator": bool(by),
    }
    account_emails.tell_owner(emails.api_token_created, user, **parameters)
    security_log.record("api_token_created", account=user.pk, token=token.pk, by=by)
    return token, secret.write()


def has_room(user: User, *, now: datetime) -> bool:
    """Whether the account, which the caller has locked, may have another token."""
    return list_live(user.pk, now=now).count() < conf.max_per_account()


def accepts(user: User) -> bool:
    """Whether the account may use tokens: as for a sign-in, its address may have to be verified."""
    must_verify = switches.email_verification.asks(email_verified=user.email_verified)
    return user.is_active and not must_verify


def find_usable(secret: Secret, *, now: datetime) -> ApiToken | None:
    """Reads the token and its account, in one query. None if either is not valid any more."""
    rows = ApiToken.objects.select_related("user")
    token = rows.filter(pk=secret.id, expires_at__gt=now).first()
    is_usable = token and secret.matches(token.digest) and accepts(token.user)
    return token if is_usable else None


def note_use(token: ApiToken, *, now: datetime) -> bool:
    """Writes the last use, once a minute. Returns False if the token has just been deleted."""
    minute = now.replace(second=0, microsecond=0)
    if token.last_used_at is not None and token.last_used_at >= minute:
        return True
    same = ApiToken.objects.filter(pk=token.pk)
    earlier = same.filter(Q(last_used_at=None) | Q(last_used_at__lt=minute))
    # Another request of this minute may have written it.
    return bool(earlier.update(last_used_at=minute)) or same.exists()


def list_live(user_id: uuid.UUID, *, now: datetime) -> QuerySet[ApiToken]:
    """The latest first."""
    return ApiToken.objects.filter(user_id=user_id, expires_at__gt=now).order_by("-created_at")


def delete(*, token_id: str, user_id: uuid.UUID, by: User | None = None) -> bool:
    """Returns False if the user has no such token."""
    deleted, _ = ApiToken.objects.filter(pk=token_id, user_id=user_id).delete()
    if deleted:
        security_log.record("api_token_deleted", account=user_id, token=token_id, by=by)
    return bool(deleted)


def delete_all(user: User, **_: Any) -> None:
    """Receives ``access_revoked``."""
    deleted, _details = ApiToken.objects.filter(user=user).delete()
    if deleted:
        security_log.record("api_tokens_revoked", account=user.pk, count=deleted)


def delete_of_all_accounts() -> int:
    """Deletes every token of every account, and returns how many there were."""
    deleted, _details = ApiToken.objects.all().delete()
    security_log.record("api_tokens_revoked", alarming=True, count=deleted)
    return deleted


def purge(*, now: datetime) -> None:
    ApiToken.objects.filter(expires_at__lte=now).delete()


def export(user: User, _now: datetime) -> list[Any]:
    """For the export of the user's account."""
    columns = ("id", "name", "scopes", "created_at", "expires_at", "last_used_at")
    return [*ApiToken.objects.filter(user=user).order_by("created_at").values(*columns)]
