"""Users and groups in Django admin. No user can change an account with more privileges."""

from typing import Any, ClassVar, cast

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.admin.closing import ClosingActions
from accounts.admin.invitations import InvitationActions
from accounts.flows import mfa_management
from accounts.models import SecurityEvent, User
from accounts.services import deletion
from accounts.services.privileges import has_more_privileges, is_last_active_admin
from core.admin_search import AddressSearchAdmin
from core.logging import security_log

RIGHTS = ("role", "is_superuser", "groups", "user_permissions")
"""Only an ADMIN can change what a user may do."""

GUARDS = ("email", "email_verified")
"""Only an ADMIN can change these where the account has a second factor.

Otherwise staff could move the account to their own mailbox and reset its password.
"""


class UserForm(UserChangeForm):
    actor: User
    """The signed-in user; ``UserAdmin.get_form`` sets it."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)

    class Meta(UserChangeForm.Meta):
        model = User
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if is_last_active_admin(self.instance) and not self._stays_active_admin(cleaned):
            raise ValidationError(
                _(
                    "This is the last active administrator. "
                    "Make another user an administrator first."
                )
            )
        self._refuse_rights_beyond_the_actors(cleaned)
        return cleaned

    def _stays_active_admin(self, cleaned: dict[str, Any]) -> bool:
        role = cleaned.get("role", self.instance.role)
        return bool(role == User.Role.ADMIN and cleaned.get("is_active", self.instance.is_active))

    def _refuse_rights_beyond_the_actors(self, cleaned: dict[str, Any]) -> None:
        user: User = self.instance
        granted = set(cleaned.get("user_permissions", ())) - set(user.user_permissions.all())
        for group in set(cleaned.get("groups", ())) - set(user.groups.all()):
            granted |= set(group.permissions.all())
        names = {f"{right.content_type.app_label}.{right.codename}" for right in granted}
        if not self.actor.has_perms(names):
            raise ValidationError(_("You can only grant permissions that you have yourself."))


class NewUserForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("email", "email_verified", "first_name", "last_name", "role")
        field_classes: ClassVar[dict[str, Any]] = {}


@admin.register(User)
class UserAdmin(AddressSearchAdmin, ClosingActions, InvitationActions, DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = (
        *("email", "first_name", "last_name", "role"),
        *("email_verified", "has_second_factor", "is_active"),
    )
    list_filter = ("role", "email_verified", "has_second_factor", "is_active")
    actions = (
        *("reset_second_factor", "send_invitation_again"),
        *("close_accounts", "keep_accounts"),
    )
    search_fields = ("email", "first_name", "last_name")
    readonly_fields = (
        *("pending_email", "invited_at", "has_second_factor", "date_joined", "closes_at"),
    )
    fieldsets = (
        (None, {"fields": ("email", "email_verified", "pending_email", "invited_at")}),
        (_("Signing in"), {"fields": ("password", "has_second_factor")}),
        (_("Profile"), {"fields": ("first_name", "last_name", "language", "date_joined")}),
        (_("Rights"), {"fields": ("is_active", "closes_at", *RIGHTS)}),
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
        # Only what was changed: a password reset in the meantime must not be undone.
        columns = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=columns & set(form.changed_data) if change else None)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Also deletes Django's log of the user's actions; the security log stays."""
        account = obj.pk
        deletion.remove_traces(obj)
        super().delete_model(request, obj)
        security_log.record("account_deleted", account=account, by=str(request.user.pk))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Allows the history to be deleted with its account. No user may delete a single event."""
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return names, counts, lacking - {SecurityEvent._meta.verbose_name}, protected

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        if obj and obj.closes_at:
            # The action that keeps the account also cancels its deletion.
            fixed = (*fixed, "is_active")
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
        """Users change their own password with the old one: an unlocked screen is not enough."""
        user = self.get_object(request, unquote(id))
        if user == request.user:
            return redirect(f"{self.admin_site.name}:password_change")
        if _is_guarded(user, request):
            # With a password that staff know, only a six-digit code would protect the account.
            raise PermissionDenied
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    @admin.action(description=_("Reset MFA for the selected users"), permissions=["reset"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For users who lost the app and the recovery codes. Not for one's own account."""
        allowed = [user for user in queryset if self.has_change_permission(request, user)]
        others = [user for user in allowed if user != request.user]
        done = [user for user in others if self._reset(request, user)]
        left = len(queryset) - len(done)
        sentence = _("MFA was reset for {done} users, and not changed for {left}.")
        self.message_user(request, sentence.format(done=len(done), left=left))

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return _is_admin(request) and self.has_change_permission(request)

    @transaction.atomic
    def _reset(self, request: HttpRequest, user: User) -> bool:
        is_reset = mfa_management.reset(user, by=cast(User, request.user))
        if is_reset:
            self.log_change(request, user, "Reset MFA.")
        return is_reset

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_change = super().has_change_permission(request, obj)
        return may_change and not (obj and has_more_privileges(obj, than=request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuses the bulk action, which passes no ``obj``: users are deleted one at a time."""
        return (
            obj is not None
            and super().has_delete_permission(request, obj)
            and not has_more_privileges(obj, than=request.user)
            # Deleting the account and adding it again would remove its second factor.
            and not _is_guarded(obj, request)
            and not (request.method == "POST" and is_last_active_admin(obj))
        )


admin.site.unregister(Group)
# Allauth's rows must agree with the account. The user's page shows them.
admin.site.unregister(apps.get_model("account", "EmailAddress"))
admin.site.unregister(apps.get_model("mfa", "Authenticator"))


@admin.register(Group)
class SuperusersGroupAdmin(GroupAdmin):
    """For superusers only: members of a group could otherwise grant themselves permissions."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_module_permission

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    has_delete_permission = has_view_permission = has_change_permission


def _is_admin(request: HttpRequest) -> bool:
    return getattr(request.user, "role", None) == User.Role.ADMIN


def _is_guarded(user: User | None, request: HttpRequest) -> bool:
    """Whether the account has a second factor, and the signed-in user is no ADMIN."""
    return user is not None and user.has_second_factor and not _is_admin(request)
