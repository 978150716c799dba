"""What several flows answer."""

from typing import Any

from rest_framework import serializers

from social_login import social_accounts
from social_login.models import SocialAccount


class SocialAccountOutput(serializers.Serializer[Any]):
    """A connected account."""

    id = serializers.UUIDField()
    provider = serializers.CharField()
    name = serializers.SerializerMethodField(help_text="The name of the provider.")
    email = serializers.CharField(help_text="The address there; may be empty.")
    created = serializers.DateTimeField(source="created_at")
    last_used = serializers.DateTimeField(source="last_used_at")

    def get_name(self, account: SocialAccount) -> str:
        return social_accounts.name_of(account.provider)
