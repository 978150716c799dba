"""Models of sessions, and of the change of address that a session can request."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.users import User
from core.client_ip import USER_AGENT_MAX_LENGTH
from core.email_address import LowercaseEmailField


class Session(models.Model):
    """One signed-in device. Only ``accounts.services.sessions`` writes here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    refresh_jti = models.UUIDField(help_text="The only refresh token that may rotate.")
    previous_jti = models.UUIDField(null=True, help_text="The refresh token before it.")
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(help_text="When the session was opened or last refreshed.")
    expires_at = models.DateTimeField(help_text="When the current refresh token expires.")
    with_second_factor = models.BooleanField(
        default=False, help_text="The user has verified a second factor."
    )
    methods = ArrayField(
        models.TextField(),
        # For the previous release, which inserts rows while this one is deployed.
        db_default=["pwd"],
        help_text="The authentication methods of the sign-in (RFC 8176).",
    )
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=USER_AGENT_MAX_LENGTH, blank=True)

    def __str__(self) -> str:
        return f"{self.user_agent or 'unknown device'}, {self.ip_address or 'unknown address'}"


class EndedSession(models.Model):
    """Kept to detect replayed tokens. Only ``accounts.services.sessions`` writes here."""

    id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    refresh_jti = models.UUIDField()
    previous_jti = models.UUIDField()
    rotated_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=USER_AGENT_MAX_LENGTH, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk}, ended at {self.ended_at}"


class EmailChange(models.Model):
    """A requested address. Only ``accounts.services.email_addresses`` writes here."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="email_change"
    )
    # PostgreSQL deletes the row with its session (migration 0005).
    session = models.ForeignKey(
        Session, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    email = LowercaseEmailField()
    expires_at = models.DateTimeField(help_text="When the link expires.")

    def __str__(self) -> str:
        return f"{self.user_id}, until {self.expires_at}"
