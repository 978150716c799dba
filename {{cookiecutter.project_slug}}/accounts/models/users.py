"""Users and their credentials."""

import uuid
from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import (
    UNUSABLE_PASSWORD_PREFIX,
    check_password,
    is_password_usable,
)
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.conf import switches
from accounts.models.claims import FromClaims
from accounts.models.managers import UserManager
from accounts.models.validators import validate_person_name
from core.email_address import LowercaseEmailField


def default_language() -> str:
    """The language of the current request; outside of one, ``LANGUAGE_CODE``."""
    return translation.get_language() or settings.LANGUAGE_CODE


class User(FromClaims, AbstractBaseUser, PermissionsMixin):
    class Role(models.TextChoices):
        USER = "USER", _("User")
        STAFF = "STAFF", _("Staff")
        ADMIN = "ADMIN", _("Administrator")

    STAFF_ROLES: ClassVar = frozenset({Role.STAFF, Role.ADMIN})
    """The roles that may sign in to Django admin."""

    PROFILE_FIELDS: ClassVar = ("first_name", "last_name", "language")
    """The fields that users enter at registration, and see and change at ``/user/``."""

    CREDENTIALS: ClassVar = frozenset({"password", "role", "is_superuser", "is_active"})
    """Saving another value of these ends the sessions of the account."""

    SECOND_FACTOR: ClassVar = frozenset(
        {"has_second_factor", "second_factor_changed_at", "verified_before_second_factor"}
    )
    """Only ``accounts.services.mfa.authenticators`` writes these."""

    RARELY_READ: ClassVar = (
        *("second_factor_changed_at", "verified_before_second_factor", "invited_at"),
        *("reported_leak", "purge_after", "purge_warned_at", "closes_at"),
    )
    """A request that authenticates with its session does not read these: each costs a query."""

    INVITED: ClassVar = models.Q(
        invited_at__isnull=False, password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    """Accounts whose invitation is pending. A password that an administrator sets ends it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = LowercaseEmailField(unique=True)
    email_verified = models.BooleanField(
        default=False, help_text=_("The user has verified the address.")
    )
    first_name = models.CharField(max_length=150, blank=True, validators=[validate_person_name])
    last_name = models.CharField(max_length=150, blank=True, validators=[validate_person_name])
    invited_at = models.DateTimeField(
        null=True, editable=False, help_text=_("Set while an invitation is pending.")
    )
    has_second_factor = models.BooleanField(
        default=False,
        editable=False,
        verbose_name="second factor",
        help_text=_("Sign-in requires a code."),
    )
    second_factor_changed_at = models.DateTimeField(null=True, editable=False)
    verified_before_second_factor = models.BooleanField(
        default=False,
        # The previous release still inserts rows while this one is deployed.
        db_default=False,
        editable=False,
        help_text=_("The address was verified when the second factor was set up."),
    )
    language = models.CharField(
        max_length=12,
        default=default_language,
        # For the previous release, which runs on the new table while this one is deployed.
        db_default="en",
        help_text=_("The language of e-mails to the user."),
    )
    reported_leak = models.CharField(
        max_length=64,
        blank=True,
        default="",
        # For the previous release, which inserts rows while this one is deployed.
        db_default="",
        editable=False,
        help_text="A keyed digest of the password hash whose leak the owner was told of.",
    )
    role = models.CharField(max_length=5, choices=Role.choices, default=Role.USER)
    is_active = models.BooleanField(
        default=True, help_text=_("Unselect this instead of deleting an account.")
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    purge_after = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When the account is deleted, if it is not used before."),
    )
    purge_warned_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When the e-mail about the deletion was posted."),
    )
    closes_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When the closed account is deleted. Until then it can be reopened."),
    )
    # The sessions record it.
    last_login = None

    overwritten_credentials: dict[str, Any]
    """The stored credentials that the last save wrote over."""

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
                violation_error_message=_("A superuser has the role of an administrator."),
            ),
            models.CheckConstraint(
                condition=models.Q(closes_at=None) | models.Q(is_active=False),
                name="user_closing_is_inactive",
                violation_error_message=_("The account is closed. Reopen it first."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["purge_after"],
                condition=models.Q(purge_after__isnull=False),
                name="user_purge_after",
            ),
            models.Index(
                fields=["closes_at"],
                condition=models.Q(closes_at__isnull=False),
                name="user_closes_at",
            ),
        ]

    def __str__(self) -> str:
        return str(self.email)

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        super().refresh_from_db(*args, **options)
        self.__dict__.pop("pending_email", None)

    @property
    def is_staff(self) -> bool:
        return self.role in self.STAFF_ROLES

    @property
    def is_invited(self) -> bool:
        """Whether an invitation is pending."""
        return self.invited_at is not None and not self.has_usable_password()

    @property
    def has_password(self) -> bool:
        return bool(self.has_usable_password())

    @cached_property
    def pending_email(self) -> str:
        """The address that the user has requested and not verified yet; "" for none."""
        change = getattr(self, "email_change", None)
        return change.email if change and change.expires_at > timezone.now() else ""

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name

    def save(self, *args: Any, **options: Any) -> None:
        # The claims of a token may be out of date, and must not be written.
        self.read_row()
        # Another request may have changed the second factor since this row was read.
        if not self._state.adding and options.get("update_fields") is None:
            columns = {f.attname for f in self._meta.concrete_fields if not f.primary_key}
            options["update_fields"] = columns - self.SECOND_FACTOR - self.get_deferred_fields()
        super().save(*args, **options)

    def get_session_auth_hash(self) -> str:
        """Ends sessions of Django admin when the second factor changes or becomes required."""
        return self._with_second_factor(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from map(self._with_second_factor, super().get_session_auth_fallback_hash())

    def _with_second_factor(self, session_hash: str) -> str:
        asked = switches.mfa_mode.asks(has_second_factor=self.has_second_factor)
        return f"{session_hash}:{self.second_factor_changed_at}:{asked}"

    def check_password(self, raw_password: str | None) -> bool:
        return check_password(raw_password, self.password, partial(User.objects.rehash, self))

    def changed_credentials(self) -> set[str]:
        """The credentials that the last save changed."""
        overwritten = self.overwritten_credentials.items()
        return {name for name, value in overwritten if getattr(self, name) != value}

    def replaced_password(self) -> bool:
        """Whether the last save replaced a usable password with another usable one."""
        return (
            "password" in self.changed_credentials()
            and is_password_usable(self.overwritten_credentials["password"])
            and self.has_usable_password()
        )


def read_overwritten_credentials(
    instance: User, raw: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Receives ``pre_save``: the stored row may differ from the one that was read earlier."""
    names = User.CREDENTIALS if update_fields is None else User.CREDENTIALS & update_fields
    stored = None
    if names and (raw or not instance._state.adding):
        stored = User.objects.filter(pk=instance.pk).values(*names).first()
    instance.overwritten_credentials = stored or {}
