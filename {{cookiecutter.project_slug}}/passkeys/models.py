"""Passkeys, and the challenges that they sign."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User

NAME_MAX_LENGTH = 100


class Passkey(models.Model):
    """A registered WebAuthn credential."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=NAME_MAX_LENGTH)
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField(help_text="A COSE key.")
    sign_count = models.PositiveBigIntegerField()
    transports = ArrayField(models.TextField())
    aaguid = models.UUIDField(help_text="The model of the authenticator, if it tells.")
    user_verified = models.BooleanField(
        help_text="The authenticator has verified its user, at the enrolment or after a password."
    )
    backup_eligible = models.BooleanField(help_text="The authenticator may synchronise it.")
    backed_up = models.BooleanField(help_text="The authenticator has synchronised it.")
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    type = "passkey"

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(models.Model):
    """A single-use challenge. Only ``passkeys.challenges`` writes here."""

    class Kind(models.TextChoices):
        ENROL = "enrol", "Add a passkey"
        SIGN_IN = "sign_in", "Sign in"
        VERIFY = "verify", "Verify a second factor"
        STEP_UP = "step_up", "Show a second factor in a session"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    challenge = models.BinaryField()
    origin_id = models.UUIDField(
        null=True, help_text="The session or the login challenge that it belongs to."
    )
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "origin_id"], name="passkey_challenge_of_its_origin"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}, until {self.expires_at}"
