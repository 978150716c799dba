"""The outbox."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Mail(models.Model):
    """An e-mail and the state of its delivery. Contains no secret: the worker makes the link."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        SENT = "sent", _("Sent")
        OBSOLETE = "obsolete", _("Obsolete")
        DEAD = "dead", _("Dead")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=50)
    recipient = models.EmailField()
    parameters = models.JSONField(
        default=dict, help_text="Values for the text of the e-mail, without secrets."
    )
    bound_to = models.CharField(
        max_length=64, blank=True, help_text="Digest of the state that the e-mail depends on."
    )
    not_after = models.DateTimeField(null=True, help_text="The e-mail becomes obsolete then.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When the sweep gives it to a worker.")
    claimed_until = models.DateTimeField(
        null=True, help_text="Until then, only the worker that claimed it may send it."
    )
    failed_here = models.BooleanField(
        default=False,
        # Processes of the previous release still insert rows.
        db_default=False,
        help_text="The last attempt failed before it reached the mail server.",
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
