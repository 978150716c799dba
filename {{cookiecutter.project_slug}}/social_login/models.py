"""Connected accounts, and the two steps of a sign-in that wait for the next request."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

_DIGEST = 64


class SocialAccount(models.Model):
    """An account at a provider, which signs in to an account here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="social_accounts"
    )
    provider = models.CharField(max_length=30)
    subject = models.CharField(max_length=300, help_text="The provider's id of the user.")
    email = models.CharField(
        max_length=254, blank=True, help_text="The address there. It decides nothing."
    )
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "subject"], name="social_account_is_unique")
        ]

    def __str__(self) -> str:
        return f"{self.provider}, {self.email}"


class Step(models.Model):
    """A request with the secret continues, once, in the browser or app that started."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret_digest = models.CharField(max_length=_DIGEST, unique=True)
    browser_digest = models.CharField(
        max_length=_DIGEST, blank=True, help_text="Of the cookie. Empty for an app."
    )
    code_challenge = models.CharField(
        max_length=128, blank=True, help_text="The app's PKCE challenge. Empty for a browser."
    )
    provider = models.CharField(max_length=30)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="The user who connects an account. Empty for a sign-in.",
    )
    session_id = models.UUIDField(null=True, help_text="The session in which the user connects.")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.provider}, until {self.expires_at}"


class Authorization(Step):
    """The user is at the provider. The secret is the parameter ``state``."""

    next_url = models.CharField(max_length=2_000)


class CompletedAuthorization(Step):
    """The user is back. The secret is the one-time code that the front end receives."""

    subject = models.CharField(max_length=300)
    email = models.CharField(max_length=254, blank=True)
    email_verified = models.BooleanField()
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    multi_factor = models.BooleanField()


class PendingLink(models.Model):
    """An account at a provider, which is connected once the second factor has been shown."""

    challenge_id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    provider = models.CharField(max_length=30)
    subject = models.CharField(max_length=300)
    email = models.CharField(max_length=254, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.provider}, until {self.expires_at}"
