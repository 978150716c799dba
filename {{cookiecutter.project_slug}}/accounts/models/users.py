"""People and their credentials."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, is_password_usable, make_password
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone, translation

from accounts.conf import switches
from accounts.models.validators import AcceptedAtLoginValidator
from core.email_address import LowercaseEmailField, normalise, validate

_CONTROL_CHARACTER_OR_URL = re.compile(r"[\x00-\x1f\x7f-\x9f]|://|\bwww\.", re.IGNORECASE)


def validate_person_name(name: str) -> None:
    """Names are what people are called; e-mails to them must not carry a stranger's link."""
    if _CONTROL_CHARACTER_OR_URL.search(name):
        raise ValidationError("A name must not contain control characters or a web address.")


def default_language() -> str:
    """The language of the current request; outside of one, ``LANGUAGE_CODE``."""
    return translation.get_language() or settings.LANGUAGE_CODE


class UserManager(BaseUserManager["User"]):
    def create_user(self, *, email: str, password: str | None = None, **fields: Any) -> "User":
        """Without a password nobody can sign in until one is set.

        Raises:
            ValidationError: no e-mail can be sent to the address, or no one can sign in with the
                password.
        """
        address = normalise(email)
        validate(address)
        if password is not None:
            AcceptedAtLoginValidator().validate(password)
        user = self.model(email=address, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who runs commands on the server needs no e-mail to prove the address."""
        rights = {"role": User.Role.ADMIN, "is_superuser": True, "email_verified": True}
        return self.create_user(email=email, password=password, **{**rights, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The e-mail address is the login name."""

    class Role(models.TextChoices):
        USER = "USER", "User"
        STAFF = "STAFF", "Staff"
        ADMIN = "ADMIN", "Administrator"

    STAFF_ROLES: ClassVar = frozenset({Role.STAFF, Role.ADMIN})
    """Those that may enter Django admin; what they may do there, their permissions say."""

    CREDENTIALS: ClassVar = ("password", "role", "is_superuser", "is_active")
    """A session was opened under these; saving another value ends it."""

    SECOND_FACTOR: ClassVar = frozenset(
        {"has_second_factor", "second_factor_changed_at", "verified_before_second_factor"}
    )
    """Written by ``accounts.services.mfa.authenticators`` alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = LowercaseEmailField(unique=True)
    email_verified = models.BooleanField(
        default=False, help_text="The person has shown that the mailbox is theirs."
    )
    first_name = models.CharField(max_length=150, blank=True, validators=[validate_person_name])
    last_name = models.CharField(max_length=150, blank=True, validators=[validate_person_name])
    invited_at = models.DateTimeField(
        null=True, editable=False, help_text="Set while an invitation waits to be accepted."
    )
    has_second_factor = models.BooleanField(
        default=False,
        editable=False,
        verbose_name="second factor",
        help_text="Signing in takes a code as well.",
    )
    second_factor_changed_at = models.DateTimeField(null=True, editable=False)
    verified_before_second_factor = models.BooleanField(
        default=False,
        # For the previous release, which runs on the new table while this one is deployed.
        db_default=False,
        editable=False,
        help_text="The address was verified when the second factor was set up.",
    )
    language = models.CharField(
        max_length=12,
        default=default_language,
        # For the previous release, which runs on the new table while this one is deployed.
        db_default="en",
        help_text="The language of e-mails to the user.",
    )
    role = models.CharField(max_length=5, choices=Role.choices, default=Role.USER)
    is_active = models.BooleanField(
        default=True, help_text="Unselect this instead of deleting an account."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    purge_after = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When a sign-up or an invitation that nobody has used is deleted.",
    )
    # The sessions know when a person was last here.
    last_login = None

    _remembered: Mapping[str, Any] = MappingProxyType({})
    """The credentials as they were when the row was read or last saved."""

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lowercase"
            ),
            models.CheckConstraint(
                condition=models.Q(is_superuser=False) | models.Q(role="ADMIN"),
                name="user_superuser_is_admin",
                violation_error_message="A superuser has the role of an administrator.",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["purge_after"],
                condition=models.Q(purge_after__isnull=False),
                name="user_purge_after",
            )
        ]

    def __str__(self) -> str:
        return str(self.email)

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        user = super().from_db(*args, **kwargs)
        user.remember_credentials()
        return user

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        super().refresh_from_db(using, fields, from_queryset)
        self.__dict__.pop("pending_email", None)
        self.remember_credentials(fields)

    @property
    def is_staff(self) -> bool:
        return self.role in self.STAFF_ROLES

    @cached_property
    def pending_email(self) -> str:
        """The address that the account moves to once its link has been opened; "" for none."""
        change = getattr(self, "email_change", None)
        return change.email if change and change.expires_at > timezone.now() else ""

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name

    def save(self, *args: Any, **options: Any) -> None:
        """A row read earlier does not undo what became of the second factor meanwhile."""
        if not self._state.adding and options.get("update_fields") is None:
            columns = {field.name for field in self._meta.concrete_fields if not field.primary_key}
            options["update_fields"] = columns - self.SECOND_FACTOR - self.get_deferred_fields()
        super().save(*args, **options)

    def get_session_auth_hash(self) -> str:
        """What Django admin's sessions hang on: they end with each change of the second factor.

        They end as well when it begins to be asked for.
        """
        return self._with_second_factor(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from map(self._with_second_factor, super().get_session_auth_fallback_hash())

    def _with_second_factor(self, session_hash: str) -> str:
        asked = switches.mfa_mode.asks(has_second_factor=self.has_second_factor)
        return f"{session_hash}:{self.second_factor_changed_at}:{asked}"

    def check_password(self, raw_password: str | None) -> bool:
        return check_password(raw_password, self.password, self._rehash)

    def _rehash(self, raw_password: str) -> None:
        """An update, for a save would end the sessions: the password is the same as before."""
        previous, self.password = self.password, make_password(raw_password)
        User.objects.filter(pk=self.pk, password=previous).update(password=self.password)
        self.remember_credentials({"password"})

    def changed_credentials(self, saved: Iterable[str] | None) -> bool:
        """Whether a save has just written other credentials than the row had.

        Args:
            saved: the names of the written fields, None for all (``update_fields`` of ``save``).
        """
        written = self._credentials_among(saved)
        return any(self._remembered.get(name) != value for name, value in written.items())

    def replaced_password(self, saved: Iterable[str] | None) -> bool:
        """Whether a save has just put a password in the place of another.

        Args:
            saved: see ``changed_credentials``.
        """
        before, now = self._remembered.get("password"), self._credentials_among(saved)
        after = now.get("password", before)
        return before != after and is_password_usable(before) and is_password_usable(after)

    def remember_credentials(self, saved: Iterable[str] | None = None) -> None:
        self._remembered = {**self._remembered, **self._credentials_among(saved)}

    def _credentials_among(self, saved: Iterable[str] | None) -> dict[str, Any]:
        names = self.CREDENTIALS if saved is None else set(self.CREDENTIALS) & set(saved)
        return {name: self.__dict__.get(name) for name in names}
