"""Users and groups in Django admin. No user can change an account with more privileges."""

import uuid
from typing import Any, ClassVar, cast

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.admin.actions import AccountActions
from accounts.admin.forms import NewUserForm, UserForm
from accounts.admin.invitations import InvitationPage
from accounts.admin.state import AccountState, StateFilter
from accounts.models import SecurityEvent, Session, User
from accounts.services import deletion
from accounts.services.privileges import has_more_privileges, is_last_active_admin
from core.logging import security_log

RIGHTS = ("role", "is_superuser", "groups", "user_permissions")
"""Only an ADMIN can change what a user may do."""

GUARDS = ("email", "email_verified")
"""Only an ADMIN can change these where the account has a second factor.

Otherwise staff could move the account to their own mailbox and reset its password.
"""


@admin.register(User)
class UserAdmin(AccountState, AccountActions, InvitationPage, DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "state", "role", "sessions", "name", "date_joined")
    list_filter = (StateFilter, "role", "has_second_factor")
    search_fields = ("email", "first_name", "last_name")
    search_help_text = _("An e-mail address, a name, or the id of an account.")
    inlines: ClassVar[list[Any]] = []
    """Read-only lists. A feature adds its own, in its module ``admin``."""
    deleted_with_account: ClassVar[list[Any]] = [SecurityEvent, Session]
    """Models whose rows an account takes along without a permission. A feature adds its own."""
    readonly_fields = (
        *("state", "pending_email", "invited_at", "second_factors", "sessions", "date_joined"),
        "closes_at",
    )
    fieldsets = (
        (None, {"fields": ("state", "email", "email_verified", "pending_email", "invited_at")}),
        (_("Signing in"), {"fields": ("password", "second_factors", "sessions")}),
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

    class Media:
        css: ClassVar = {"all": ["admin/accounts.css"]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> Any:
        try:
            return queryset.filter(pk=uuid.UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        # A form that is sent has nothing of read-only lists.
        return self.inlines if obj and request.method != "POST" else []

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        extra = {"may_invite": self.may_invite(request), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        user = options.get("obj")
        buttons = self.buttons_for(request, user) if user else []
        return super().render_change_form(
            request, {**context, "buttons": buttons}, *args, **options
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
        security_log.record("account_deleted", account=account, by=cast(User, request.user))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Allows what belongs to the account to be deleted with it, and not alone."""
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        allowed = {model._meta.verbose_name for model in self.deleted_with_account}
        return names, counts, lacking - allowed, protected

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": request.user})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        if obj and obj.closes_at:
            # The action that reopens the account also cancels its deletion.
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

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return _is_admin(request) and self.has_change_permission(request)

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
