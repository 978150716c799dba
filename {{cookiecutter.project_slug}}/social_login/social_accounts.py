"""The connected accounts: the only module that writes ``SocialAccount`` and ``PendingLink``."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import emails as accounts_emails
from accounts.conf import switches
from accounts.models import LoginChallenge, User
from accounts.services import ways_in
from core.logging import security_log
from social_login import emails
from social_login.conf import FEDERATED
from social_login.linking import Decision, Standing, decide
from social_login.models import PendingLink, SocialAccount
from social_login.providers import registry
from social_login.providers.base import Identity


@dataclass(frozen=True, slots=True)
class Situation:
    account: SocialAccount | None
    """With its user."""
    holder: User | None
    """The account that has the address; not read where ``account`` decides."""
    decision: Decision


def assess(identity: Identity, *, now: datetime, lock: bool = False) -> Situation:
    """Reads the accounts that the identity concerns, and decides.

    Args:
        lock: locks the account that decides, until the transaction ends.
    """
    account = _find(identity, lock=lock)
    holder = _holder(identity, lock=lock) if account is None else None
    decision = decide(
        linked=_standing(account.user if account else None, now=now),
        holder=_standing(holder, now=now, provider=identity.provider),
        email_verified=identity.email_verified,
        sign_up_is_open=not switches.admin_managed_registration,
    )
    return Situation(account, holder, decision)


def connect(user: User, identity: Identity, *, now: datetime) -> SocialAccount | None:
    """Connects an account and e-mails the owner. None if it is connected already."""
    account = add(user, identity, now=now)
    if account is not None:
        name = name_of(identity.provider)
        accounts_emails.tell_owner(emails.provider_connected, user, provider=name)
    return account


def add(user: User, identity: Identity, *, now: datetime) -> SocialAccount | None:
    account = SocialAccount(
        user=user,
        provider=identity.provider,
        subject=identity.subject,
        email=identity.email,
        created_at=now,
        last_used_at=now,
    )
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError:
        return None
    security_log.record("provider_connected", account=user.pk, provider=identity.provider)
    return account


def note_use(account: SocialAccount, identity: Identity, *, now: datetime) -> bool:
    """Returns False if the account has been disconnected in the meantime."""
    same = SocialAccount.objects.filter(pk=account.pk)
    return bool(same.update(last_used_at=now, email=identity.email))


def disconnect(user: User, account_id: uuid.UUID, *, by: User | None = None) -> bool:
    """E-mails the owner. False if the user has no such account. ``by`` is an administrator."""
    account = SocialAccount.objects.filter(user=user, pk=account_id).first()
    if account is None:
        return False
    account.delete()
    security_log.record("provider_disconnected", account=user.pk, provider=account.provider, by=by)
    facts = {"provider": name_of(account.provider), "by_administrator": by is not None}
    accounts_emails.tell_owner(emails.provider_disconnected, user, **facts)
    return True


def export(user: User, _now: datetime) -> list[Any]:
    """For the export of the user's account."""
    columns = ("provider", "subject", "email", "created_at", "last_used_at")
    return [*SocialAccount.objects.filter(user=user).values(*columns)]


def all_of(user: User) -> QuerySet[SocialAccount]:
    """Also those of providers that are switched off."""
    return SocialAccount.objects.filter(user=user)


def usable_by(user: User) -> QuerySet[SocialAccount]:
    """Those of providers that are switched on."""
    return all_of(user).filter(provider__in=[provider.id for provider in registry.switched_on()])


def name_of(provider: str) -> str:
    """The name that users read, also of a provider that is switched off."""
    return str(settings.SOCIAL_PROVIDERS.get(provider, {}).get("name", provider))


def remember_link(challenge: LoginChallenge, identity: Identity) -> None:
    """Connects the account when the challenge is completed."""
    PendingLink.objects.create(
        challenge_id=challenge.pk,
        user_id=challenge.user_id,
        provider=identity.provider,
        subject=identity.subject,
        email=identity.email,
        expires_at=challenge.expires_at,
    )


def connect_pending(challenge: LoginChallenge, **_: Any) -> None:
    """Receives ``challenge_completed``, in the transaction that consumes the challenge."""
    # A sign-in with a password costs no query.
    is_federated = FEDERATED in challenge.methods
    pending = PendingLink.objects.filter(pk=challenge.pk).first() if is_federated else None
    if pending is not None:
        identity = Identity(
            provider=pending.provider,
            subject=pending.subject,
            email=pending.email,
            email_verified=True,
        )
        connect(challenge.user, identity, now=timezone.now())
        pending.delete()


def forget_all(user: User, **_: Any) -> None:
    """Receives ``account_taken_over``: a stranger may have connected the accounts."""
    SocialAccount.objects.filter(user=user).delete()


def purge_pending(*, now: datetime) -> None:
    PendingLink.objects.filter(expires_at__lte=now).delete()


def _find(identity: Identity, *, lock: bool) -> SocialAccount | None:
    accounts = SocialAccount.objects.select_related("user")
    if lock:
        accounts = accounts.select_for_update(of=("user",), no_key=True)
    return accounts.filter(provider=identity.provider, subject=identity.subject).first()


def _holder(identity: Identity, *, lock: bool) -> User | None:
    users = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
    return users.filter(email=identity.email).first() if identity.email else None


def _standing(user: User | None, *, now: datetime, provider: str = "") -> Standing:
    if user is None:
        return Standing.ABSENT
    if not user.is_active:
        return Standing.CLOSED
    if user.invited_at and user.is_invited:
        is_valid = switches.invitations and now < user.invited_at + switches.invitation_lifetime
        return Standing.INVITED if is_valid else Standing.EXPIRED
    if not user.email_verified:
        return Standing.UNPROVEN if user.role == User.Role.USER else Standing.PRIVILEGED
    if provider and all_of(user).filter(provider=provider).exists():
        return Standing.OCCUPIED
    if provider and not ways_in.is_personal(user):
        return Standing.SERVICE
    return Standing.PROVEN
