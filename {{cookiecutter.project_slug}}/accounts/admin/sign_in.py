"""The sign-in of Django admin, with the second factor and the API's rate limits."""

from functools import wraps
from math import ceil
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import second_factor, sign_in
from accounts.api import cookies
from accounts.api.fields import SEPARATORS
from accounts.conf import switches
from accounts.errors import TooManyFailedMfaAttempts
from accounts.flows import login
from accounts.models import User
from accounts.models.validators import PASSWORD_MAX_LENGTH
from accounts.services.client import Client
from accounts.services.credentials import PASSWORD, Credentials
from accounts.services.passwords import verification
from accounts.services.passwords.recognised_devices import LIFETIME as DEVICE_LIFETIME
from core import current_client
from core.client_ip import client_ip, client_key, user_agent
from core.email_address import normalise
from core.logging import security_log
from core.ratelimit import throttling
from core.ratelimit.throttling import LimitReached

SET_UP_FIRST = _(
    "Multi-factor authentication is required, and you have not set it up yet. Sign in to the "
    "application first: it asks you to set it up. Then sign in here again."
)
TOO_MANY = _("Too many attempts. Try again in {minutes} min, or reset your password.")


def too_many(reached: LimitReached) -> ValidationError:
    return ValidationError(TOO_MANY.format(minutes=ceil(reached.wait / 60)))


class AdminLoginForm(AdminAuthenticationForm):
    password = forms.CharField(
        label=AdminAuthenticationForm.base_fields["password"].label,
        strip=False,
        # As in the API: a longer one is refused before any query.
        max_length=PASSWORD_MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        required=False,
        max_length=40,
        label=_("Code"),
        help_text=_("From your authenticator app, or a recovery code. Leave empty without MFA."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Counts the attempt before the password is verified, as the API's login does."""
        try:
            user, guesser = self._count_guess()
        except LimitReached as reached:
            raise too_many(reached) from None
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            account = user.pk if user else None
            security_log.record("login_failed", account=account, reason="admin")
            raise
        throttling.forget(verification.GUESSES, of=guesser)
        # None if a field is missing.
        if self.user_cache is not None:
            credentials = Credentials.of(self.user_cache, methods=[PASSWORD])
            login.warn_of_leak(credentials, cleaned["password"])
        return cleaned

    def _count_guess(self) -> tuple[User | None, str]:
        request, now = cast(HttpRequest, self.request), timezone.now()
        throttling.hit("login", of=client_key(request))
        email = normalise(str(self.cleaned_data.get("username", "")))
        user = verification.find_user(email)
        device_id = verification.recognise_device(user, client=_browser_of(request), now=now)
        return user, verification.count_guess(email=email, user=user, device_id=device_id)

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not switches.mfa_mode.asks(has_second_factor=user.has_second_factor):
            return
        if not user.has_second_factor:
            raise ValidationError(SET_UP_FIRST)
        self._ask_for_code(user)

    def _ask_for_code(self, user: User) -> None:
        code = self.cleaned_data.get("code", "").translate(SEPARATORS)
        if not code:
            raise self._refusal(gettext("Enter a code: your account uses MFA."))
        client, now = _browser_of(cast(HttpRequest, self.request)), timezone.now()
        try:
            is_correct = second_factor.present_code(user, code, client=client, now=now)
        except TooManyFailedMfaAttempts:
            raise self._refusal(gettext("Too many incorrect codes. Try again later.")) from None
        if not is_correct:
            raise self._refusal(gettext("The code is incorrect or was already used."))

    def _refusal(self, sentence: str) -> ValidationError:
        # The password has to be typed again.
        self.fields["username"].widget.attrs.pop("autofocus", None)
        self.fields["password"].widget.attrs["autofocus"] = True
        return ValidationError({"code": sentence})


class OwnPasswordForm(AdminPasswordChangeForm):
    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        try:
            is_correct = verification.verify_own_password(old, user=self.user)
        except LimitReached as reached:
            raise too_many(reached) from None
        if not is_correct:
            raise ValidationError(_("The password is incorrect."), code="password_incorrect")
        return old


class AdminSite(admin.AdminSite):
    site_header = site_title = settings.PROJECT_NAME
    site_url = settings.FRONTEND_URL or None
    login_form = AdminLoginForm
    login_template = "admin/login_with_code.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(_require_own_origin(view), cacheable)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().login(request, extra_context)
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            complete_login(request, response)
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


def _require_own_origin(view: Any) -> Any:
    # ``CSRF_TRUSTED_ORIGINS`` trusts the front ends of the API. A script in one of them must not
    # act as the user who is signed in to the admin.
    @wraps(view)
    def check_origin(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        ours = {None, settings.PUBLIC_URL, f"{request.scheme}://{request.get_host()}"}
        if request.method == "POST" and request.headers.get("Origin") not in ours:
            raise PermissionDenied
        # The owners of accounts that are changed here do not see where the administrator is.
        with current_client.hidden():
            return view(request, *args, **kwargs)

    return check_origin


def complete_login(request: HttpRequest, response: HttpResponse) -> None:
    """Renews the session key, and remembers the device."""
    user = cast(User, request.user)
    # Against session fixation: Django keeps the key if the same user signs in again.
    request.session.cycle_key()
    client, now = _browser_of(request), timezone.now()
    credentials = Credentials.of(user, methods=[])
    credentials = sign_in.recognise(credentials, client=client, now=now)
    facts: dict[str, Any] = {} if credentials.device_id else {"device": "new_device"}
    with transaction.atomic():
        security_log.record("admin_login", account=user.pk, **facts)
        device_token = sign_in.remember_device(credentials, client=client, now=now)
    cookies.ADMIN_DEVICE.set(response, device_token, max_age=DEVICE_LIFETIME)


def _browser_of(request: HttpRequest) -> Client:
    return Client(
        client_ip(request), user_agent(request), device_token=cookies.device_token(request)
    )
