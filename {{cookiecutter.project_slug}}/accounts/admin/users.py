"""Django admin: people and their sessions. Nobody reaches above themselves in it."""

from typing import Any, ClassVar, cast

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.admin.privileges import is_above
from accounts.flows import mfa_management
from accounts.models import User
from core.admin_search import AddressSearchAdmin
from core.logging import security_log

RIGHTS = ("role", "is_superuser", "groups", "user_permissions")
"""The fields that say what a person may do: an ADMIN's to change."""

GUARDS = ("email", "email_verified")
"""The fields that a reset by e-mail depends on.

An ADMIN's to change where there is a second factor. Staff would otherwise move the account to a
mailbox of their own, and set its password there.
"""


class UserForm(UserChangeForm):
    actor: User
    """Who is filling in the form; ``UserAdmin.get_form`` sets it."""

    class Meta(UserChangeForm.Meta):
        model = User
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if _is_last_active_admin(self.instance) and not self._stays_active_admin(cleaned):
            raise ValidationError(
                "This is the last active administrator. Make another user an administrator first."
            )
        self._refuse_rights_beyond_the_actors(cleaned)
        return cleaned

    def _stays_active_admin(self, cleaned: dict[str, Any]) -> bool:
        role = cleaned.get("role", self.instance.role)
        return bool(role == User.Role.ADMIN and cleaned.get("is_active", self.instance.is_active))

    def _refuse_rights_beyond_the_actors(self, cleaned: dict[str, Any]) -> None:
        granted = set(cleaned.get("user_permissions", ())) - set(self._current("user_permissions"))
        for group in set(cleaned.get("groups", ())) - set(self._current("groups")):
            granted |= set(group.permissions.all())
        names = {f"{right.content_type.app_label}.{right.codename}" for right in granted}
        if not self.actor.has_perms(names):
            raise ValidationError("You can only grant permissions that you have yourself.")

    def _current(self, field: str) -> QuerySet[Any]:
        rows: QuerySet[Any] = getattr(self.instance, field).all()
        return rows


class NewUserForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("email", "email_verified", "first_name", "last_name", "role")
        field_classes: ClassVar[dict[str, Any]] = {}


@admin.register(User)
class UserAdmin(AddressSearchAdmin, DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = (
        *("email", "first_name", "last_name", "role"),
        *("email_verified", "has_second_factor", "is_active"),
    )
    list_filter = ("role", "email_verified", "has_second_factor", "is_active")
    actions = ("reset_second_factor",)
    search_fields = ("email", "first_name", "last_name")
    readonly_fields = ("pending_email", "invited_at", "has_second_factor", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "email_verified", "pending_email", "invited_at")}),
        ("Signing in", {"fields": ("password", "has_second_factor")}),
        ("Person", {"fields": ("first_name", "last_name", "date_joined")}),
        ("Rights", {"fields": ("is_active", *RIGHTS)}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (*NewUserForm.Meta.fields, "usable_password", "password1", "password2"),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Writes what was changed and no more: a reset that came meanwhile must not be undone."""
        columns = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=columns & set(form.changed_data) if change else None)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Deletes Django's history of what this person did, too; the security log stays."""
        account = obj.pk
        super().delete_model(request, obj)
        security_log.record("account_deleted", account=account, by=str(request.user.pk))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        if _is_guarded(obj, request):
            return (*fixed, *RIGHTS, *GUARDS)
        if not _is_admin(request):
            return (*fixed, *RIGHTS)
        return fixed if request.user.is_superuser else (*fixed, "is_superuser")

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  Django passes it by this name
        form_url: str = "",
    ) -> HttpResponse:
        """One's own password takes the old one: an admin page that was left open is not enough.

        Raises:
            PermissionDenied: the person is above, or has a second factor and this is no ADMIN: a
                known password would leave nothing but a code of six digits.
        """
        person = self.get_object(request, unquote(id))
        if person == request.user:
            return redirect(f"{self.admin_site.name}:password_change")
        if _is_guarded(person, request):
            raise PermissionDenied
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    @admin.action(description="Reset MFA for the selected users", permissions=["reset"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For somebody who has lost the app and the recovery codes. Not for oneself: an admin page
        that was left open would be all it takes."""
        chosen = [person for person in queryset if self.has_change_permission(request, person)]
        others = [person for person in chosen if person != request.user]
        done = [person for person in others if self._reset(request, person)]
        left = len(queryset) - len(done)
        self.message_user(
            request, f"MFA was reset for {len(done)} users, and not changed for {left}."
        )

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return _is_admin(request) and self.has_change_permission(request)

    @transaction.atomic
    def _reset(self, request: HttpRequest, person: User) -> bool:
        is_reset = mfa_management.reset(person, by=cast(User, request.user))
        if is_reset:
            self.log_change(request, person, "Reset MFA.")
        return is_reset

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not is_above(obj, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deleted one at a time, so that each of them is looked at."""
        return (
            obj is not None
            and super().has_delete_permission(request, obj)
            and not is_above(obj, request)
            # Who deletes the account and adds it again has done away with its second factor.
            and not _is_guarded(obj, request)
            and not (request.method == "POST" and _is_last_active_admin(obj))
        )


admin.site.unregister(Group)
# The person's page says it; here it could be made to say something else.
admin.site.unregister(apps.get_model("account", "EmailAddress"))
admin.site.unregister(apps.get_model("mfa", "Authenticator"))


@admin.register(Group)
class SuperusersGroupAdmin(GroupAdmin):
    """What a group may do, superusers decide: its members would raise themselves otherwise."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_module_permission

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    has_delete_permission = has_view_permission = has_change_permission


def _is_admin(request: HttpRequest) -> bool:
    return getattr(request.user, "role", None) == User.Role.ADMIN


def _is_guarded(person: User | None, request: HttpRequest) -> bool:
    """Whether a second factor keeps the account from this actor, who is no ADMIN."""
    return person is not None and person.has_second_factor and not _is_admin(request)


def _is_last_active_admin(person: User) -> bool:
    """Whether this is the last active ADMIN. The lock lasts until the admin's view has committed.

    Every active ADMIN's row is locked, so that two of them cannot demote each other at once. One
    who has not accepted the invitation does not count: nobody may ever do.
    """
    active_admins = (
        User.objects.filter(role=User.Role.ADMIN, is_active=True)
        .exclude(invited_at__isnull=False, password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .order_by("pk")
    )
    return list(active_admins.select_for_update(no_key=True).values_list("pk", flat=True)) == [
        person.pk
    ]
