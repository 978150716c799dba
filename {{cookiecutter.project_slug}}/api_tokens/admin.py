"""Tokens in Django admin: administrators end any token, and make those of service accounts."""

from datetime import timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.users import UserAdmin
from accounts.models import User, validate_person_name
from accounts.services.privileges import has_more_privileges
from api_tokens import conf, scopes, store
from api_tokens.models import NAME_MAX_LENGTH, ApiToken
from api_tokens.service_accounts import is_service_account
from core.admin_search import AddressSearchAdmin

NO_SERVICE_ACCOUNT = _(
    "This is the account of a person. A service account is active, and has no password, no other "
    "way to sign in and no invitation."
)


class NewTokenForm(forms.ModelForm):
    actor: User
    """The signed-in administrator; ``ApiTokenAdmin.get_form`` sets it."""

    name = forms.CharField(max_length=NAME_MAX_LENGTH, validators=[validate_person_name])
    scopes = forms.MultipleChoiceField(choices=lambda: [(name, name) for name in scopes.names()])
    days = forms.IntegerField(
        min_value=1,
        max_value=max(conf.max_lifetime().days, 1),
        label=_("Days"),
        help_text=_("How long the token is valid."),
    )

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scopes")

    def clean_user(self) -> User:
        """Locks the account: Django admin saves in a transaction."""
        chosen = cast(User, self.cleaned_data["user"])
        user = User.objects.lock(chosen.pk)
        if user is None or not is_service_account(user):
            raise ValidationError(NO_SERVICE_ACCOUNT)
        if has_more_privileges(user, than=self.actor):
            raise ValidationError(_("This account has more rights than you have."))
        if not store.accepts(user):
            raise ValidationError(_("The address of this account must be verified first."))
        if not store.has_room(user, now=timezone.now()):
            raise ValidationError(_("This account has too many tokens. Delete one first."))
        return user

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        user, chosen = cleaned.get("user"), cleaned.get("scopes", [])
        if user and set(chosen) - scopes.allowed(user.role, chosen):
            self.add_error("scopes", _("The role of this account does not allow all of them."))
        return cleaned


@admin.register(ApiToken)
class ApiTokenAdmin(AddressSearchAdmin):
    """Tokens cannot be changed. A new one is shown once."""

    list_display = ("name", "user", "scopes", "created_at", "last_used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "name", "id")
    ordering = ("-created_at",)
    autocomplete_fields = ("user",)
    add_fields: ClassVar = ("user", "name", "scopes", "days")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.list_display, "id") if obj else self.add_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj:
            return super().get_form(request, obj, change=change, **kwargs)
        form = super().get_form(request, obj, change=change, form=NewTokenForm, **kwargs)
        return type(form.__name__, (form,), {"actor": request.user})

    def has_add_permission(self, request: HttpRequest) -> bool:
        is_admin = getattr(request.user, "role", None) == User.Role.ADMIN
        return is_admin and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete = super().has_delete_permission(request, obj)
        return may_delete and not (obj and has_more_privileges(obj.user, than=request.user))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        entered = form.cleaned_data
        row, obj.text = store.create(
            entered["user"],
            name=entered["name"],
            scopes=entered["scopes"],
            # The longest life may be less than a day.
            lifetime=min(timedelta(days=entered["days"]), conf.max_lifetime()),
            now=timezone.now(),
            by=cast(User, request.user),
        )
        obj.pk = row.pk

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        # No redirect: a message would be stored in a cookie or a session.
        context = {**self.admin_site.each_context(request), "title": obj.name, "token": obj.text}
        return TemplateResponse(request, "api_tokens/created.html", context)

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        store.delete(token_id=obj.pk, user_id=obj.user_id, by=cast(User, request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            self.delete_model(request, token)


UserAdmin.deleted_with_account.append(ApiToken)
