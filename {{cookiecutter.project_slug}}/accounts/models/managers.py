"""Makes and finds users."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.db import models

from accounts.models.validators import AcceptedAtLoginValidator
from core.email_address import normalise, validate

if TYPE_CHECKING:
    from accounts.models.users import User


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> "User":
        """Raises ``ValidationError`` for an address or a password that sign-in would refuse."""
        address = normalise(email)
        validate(address)
        if password is not None:
            AcceptedAtLoginValidator().validate(password)
        user = self.model(email=address, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str | None = None, **fields: Any) -> "User":
        rights = {"role": self.model.Role.ADMIN, "is_superuser": True, "email_verified": True}
        return self.create_user(email=email, password=password, **{**rights, **fields})

    def lock(self, pk: Any) -> "User | None":
        """Locks the account until the transaction ends. Rows that refer to it can be added."""
        return self.select_for_update(no_key=True).filter(pk=pk).first()

    def unchanged(self, user: "User") -> models.QuerySet["User"]:
        """The account, while it is active and has the password and address of ``user``."""
        return self.filter(pk=user.pk, password=user.password, email=user.email, is_active=True)

    def lock_unchanged(self, user: "User") -> "User | None":
        """Locks the account until the transaction ends; None if it is not ``unchanged``."""
        return self.unchanged(user).select_for_update(no_key=True).first()

    def rehash(self, user: "User", raw_password: str) -> None:
        """Stores a new hash of the same password, where the hasher has changed."""
        rehashed = make_password(raw_password)
        # save() would end the sessions, although the password is the same. The link that reopens a
        # closed account depends on the hash.
        rows = self.filter(pk=user.pk, password=user.password, is_active=True)
        if rows.update(password=rehashed):
            user.password = rehashed
            return
        # Another request was faster. It may have set another password, or deleted the account.
        stored = self.filter(pk=user.pk).values_list("password", flat=True).first()
        if stored and check_password(raw_password, stored):
            user.password = stored
