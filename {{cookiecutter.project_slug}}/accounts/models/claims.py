"""A user as an access token describes it: the row is read when another field is asked for."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, models

from accounts.errors import TokenNotValid


class FromClaims(models.Model):
    """A user made from an access token. Reading another field reads the row, in one query."""

    _claims: Mapping[str, Any] = MappingProxyType({})
    """Fields whose values are those of an access token; empty once the row is read."""

    class Meta:
        abstract = True

    @classmethod
    def from_claims(cls, **claims: Any) -> Self:
        """Makes the user of an access token without a query.

        Args:
            claims: ``id``, ``role`` and ``email_verified``.
        """
        known = [field.attname for field in cls._meta.concrete_fields if field.attname in claims]
        user = cls.from_db(DEFAULT_DB_ALIAS, known, [claims[name] for name in known])
        user._claims = claims
        return user

    def read_row(self) -> set[str]:
        """Reads every field that is still unknown, in one query.

        Returns:
            their names; none if the row was read before.

        Raises:
            TokenNotValid: the account is deleted or inactive, or has another role by now.
        """
        claims, self._claims = self._claims, {}
        if not claims:
            return set()
        # A field that was assigned since keeps its value.
        unchanged = {name for name, value in claims.items() if self.__dict__[name] == value}
        unread = self.get_deferred_fields() | unchanged
        rows: Any = type(self)._base_manager
        current = rows.filter(is_active=True, role=claims["role"])
        try:
            self.refresh_from_db(fields=unread, from_queryset=current)
        except Exception as error:
            self._claims = claims
            if isinstance(error, type(self).DoesNotExist):
                raise TokenNotValid from None
            raise
        return unread

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        read = self.read_row()
        if fields is None or not read.issuperset(fields):
            super().refresh_from_db(using, fields, from_queryset)
