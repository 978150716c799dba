"""Models of MFA. allauth stores the authenticators themselves."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.sessions import Session
from accounts.models.users import User


class LoginChallenge(models.Model):
    """Only ``accounts.services.mfa.challenges`` writes here."""

    class Kind(models.TextChoices):
        VERIFY = "verify", "Verify a second factor"
        SETUP = "setup", "Set up a second factor"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="challenges")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    bound_to = models.CharField(
        max_length=64, help_text="A keyed digest of the password hash that was verified."
    )
    methods = ArrayField(
        models.TextField(),
        # For the previous release, which inserts rows while this one is deployed.
        db_default=["pwd"],
        help_text="The authentication methods so far (RFC 8176).",
    )
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.kind}, until {self.expires_at}"


class FailedMfaAttempt(models.Model):
    """Only ``accounts.services.mfa.failed_attempts`` writes here."""

    # The index below begins with it.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="failed_mfa_attempts", db_index=False
    )
    challenge_id = models.UUIDField(
        null=True, help_text="Empty if the code was not for a challenge."
    )
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-at"], name="failed_mfa_attempt_latest")]

    def __str__(self) -> str:
        return f"{self.user_id}, {self.at}"


class PendingSecret(models.Model):
    """A TOTP secret that no code has confirmed. Only ``accounts.services.mfa`` writes here."""

    # PostgreSQL deletes the row with the session or the challenge that created it (migration 0005).
    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    session = models.ForeignKey(
        Session, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    challenge = models.ForeignKey(
        LoginChallenge,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
    )
    secret = models.TextField(help_text="Encrypted.")
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(session__isnull=False) ^ models.Q(challenge__isnull=False),
                name="pending_secret_has_one_origin",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}, {self.created_at}"


class RecoveryCode(models.Model):
    """A code that was not used yet. Only ``accounts.services.mfa.recovery_codes`` writes here."""

    # The constraint below begins with it.
    authenticator = models.ForeignKey(
        "mfa.Authenticator", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the code.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["authenticator", "digest"], name="recovery_code_digest")
        ]

    def __str__(self) -> str:
        return f"of {self.authenticator_id}"
