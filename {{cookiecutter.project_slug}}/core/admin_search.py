"""The search of Django admin for e-mail addresses."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.email_address import normalise


class AddressSearchAdmin(admin.ModelAdmin):
    """Searches for an address as it is stored, in any spelling."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> Any:
        words = [normalise(word) if "@" in word else word for word in search_term.split()]
        return super().get_search_results(request, queryset, " ".join(words))
