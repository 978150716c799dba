"""The outbox."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone


class Mail(models.Model):
    """An e-mail and its state. It contains no secret: a link is made when the e-mail is sent."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        OBSOLETE = "obsolete", "Obsolete"
        DEAD = "dead", "Dead"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=50)
    recipient = models.EmailField()
    parameters = models.JSONField(default=dict, help_text="For the template, without secrets.")
    bound_to = models.CharField(
        max_length=64, blank=True, help_text="Digest of the account's state at the request."
    )
    not_after = models.DateTimeField(null=True, help_text="After this time the e-mail is obsolete.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When the sweep passes it to a worker.")
    claimed_until = models.DateTimeField(null=True, help_text="A worker has claimed it until then.")
    failed_here = models.BooleanField(
        default=False,
        # For the previous release, which writes rows while this one is deployed.
        db_default=False,
        help_text="The last attempt failed before the mail server was contacted.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        verbose_name_plural = "mail"
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="pending"), name="mail_pending_due_at"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
