"""API tokens."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from api_tokens.secret import ID_LENGTH
from core import digests

NAME_MAX_LENGTH = 100
SCOPE_MAX_LENGTH = 100


class ApiToken(models.Model):
    """Only ``api_tokens.store`` writes here."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=NAME_MAX_LENGTH)
    digest = models.CharField(max_length=digests.LENGTH, editable=False)
    scopes = ArrayField(models.CharField(max_length=SCOPE_MAX_LENGTH))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    last_used_at = models.DateTimeField(null=True, help_text=_("To the minute."))

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name
