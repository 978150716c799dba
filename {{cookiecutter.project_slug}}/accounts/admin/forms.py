"""The forms of Django admin about users."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.privileges import is_last_active_admin


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


class InvitationForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email", "role", "first_name", "last_name")

    def validate_unique(self) -> None:
        """An address with an account may be invited (``flows.invitation``)."""
