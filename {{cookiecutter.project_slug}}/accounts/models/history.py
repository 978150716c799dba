"""The history of an account, which its owner can read."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from accounts.models.users import User
from core.client_ip import USER_AGENT_MAX_LENGTH


class SecurityEvent(models.Model):
    """Only ``accounts.services.history`` and the statement that opens a session write here."""

    # The first index below begins with it.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="security_events", db_index=False
    )
    at = models.DateTimeField()
    event = models.CharField(max_length=50)
    network = models.CharField(
        max_length=43, blank=True, help_text="Of the client: no complete address is kept."
    )
    user_agent = models.CharField(max_length=USER_AGENT_MAX_LENGTH, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "-at"], name="security_event_latest"),
            # For the purge. Rows are added in the order of time, so that it stays small.
            BrinIndex(fields=["at"], name="security_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.event}, {self.at}"
