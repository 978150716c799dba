"""How Django admin lets people in: with the second factor, and under the API's limits for it."""

from typing import Any, cast

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import second_factor
from accounts.conf import switches
from accounts.errors import TooManyWrongCodes
from accounts.flows import mfa_verification
from accounts.inputs import SEPARATORS
from accounts.models import User
from core.client import client_of

SET_UP_FIRST = (
    "Everybody has a second factor here, and you have none yet. Sign in where everybody does, "
    "which leads you to set one up; then come back."
)
CLAIMS = [second_factor.claim_totp, second_factor.claim_recovery_code]


class AdminLoginForm(AdminAuthenticationForm):
    code = forms.CharField(
        required=False,
        max_length=40,
        label="Code",
        help_text="From your authenticator app, or a recovery code. Empty if you have neither.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def confirm_login_allowed(self, user: Any) -> None:
        """
        Raises:
            ValidationError: this is not somebody to let in, or not with this code.
        """
        super().confirm_login_allowed(user)
        if not switches.mfa_mode.asks(has_second_factor=user.has_second_factor):
            return
        if not user.has_second_factor:
            raise ValidationError(SET_UP_FIRST)
        self._ask_for_code(user)

    def _ask_for_code(self, user: User) -> None:
        code = self.cleaned_data.get("code", "").translate(SEPARATORS)
        if not code:
            raise self._refusal("Your account has a second factor: enter a code.")
        client = client_of(cast(HttpRequest, self.request))
        try:
            with transaction.atomic():
                is_right = mfa_verification.present(
                    user, code=code, claims=CLAIMS, client=client, now=timezone.now()
                )
        except TooManyWrongCodes:
            raise self._refusal("Too many wrong codes. Try again later.") from None
        if not is_right:
            raise self._refusal("The code is not correct, or it was used before.")

    def _refusal(self, sentence: str) -> ValidationError:
        """With the cursor in the password, which has to be typed again."""
        self.fields["username"].widget.attrs.pop("autofocus", None)
        self.fields["password"].widget.attrs["autofocus"] = True
        return ValidationError({"code": sentence})
