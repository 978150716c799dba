"""What administrators do to accounts: actions of the list, and buttons on an account's page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.conf import EmailVerification, switches
from accounts.errors import ClosingRefused, TokenNotValid
from accounts.flows import closing, invitation, logout, mfa_management, resending
from accounts.models import User
from core.ratelimit.throttling import LimitReached

Act = Callable[[User, User, datetime], bool]
"""Gets the account, the administrator and the time. Returns False if there was nothing to do."""


class AccountActions(admin.ModelAdmin):
    """Not for one's own account. What cannot be undone is confirmed on a page of its own."""

    actions = (
        *("send_invitation_again", "send_verification_again", "end_sessions"),
        *("reset_second_factor", "close_accounts", "keep_accounts"),
    )

    @admin.action(description=_("Send the invitation again"), permissions=["reset"])
    def send_invitation_again(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """The links of earlier e-mails stop working."""
        sentence = _("{done} invitations were sent again. {left} users have none, or too many.")
        return self._do(request, queryset, _invite_again, sentence, "Sent the invitation again.")

    @admin.action(description=_("Send the verification e-mail again"), permissions=["change"])
    def send_verification_again(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("{done} e-mails were sent again. {left} users need none, or got too many.")
        return self._do(request, queryset, _verify_again, sentence, "Sent the verification again.")

    @admin.action(description=_("End the sessions"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("{done} users were signed out, {left} were not.")
        question = _(
            "Every device is signed out, also from Django admin. Trusted devices and a pending "
            "change of the e-mail address end, too."
        )
        return self._do(request, queryset, _sign_out, sentence, "Ended the sessions.", question)

    @admin.action(description=_("Reset MFA"), permissions=["reset"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """For users who lost the app and the recovery codes."""
        sentence = _("MFA was reset for {done} users, and not changed for {left}.")
        question = _(
            "Every second factor and the recovery codes are removed, and every device is signed "
            "out. First verify that the request comes from the owner, who gets an e-mail."
        )
        return self._do(request, queryset, _reset, sentence, "Reset MFA.", question)

    @admin.action(description=_("Close the account"), permissions=["reset"])
    def close_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("{done} accounts were closed, {left} were not. They get an e-mail.")
        question = _(
            "The account is inactive at once, and is deleted later with all of its data, unless "
            "its owner or an administrator keeps it. The owner gets an e-mail."
        )
        return self._do(request, queryset, _close, sentence, "Closed the account.", question)

    @admin.action(description=_("Keep the closed account"), permissions=["reset"])
    def keep_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("{done} accounts are active again, {left} were not closed.")
        return self._do(request, queryset, _keep, sentence, "Kept the account.")

    def buttons_for(self, request: HttpRequest, user: User) -> list[tuple[str, str]]:
        """The names and labels of the actions that make sense for this account."""
        if user == request.user or not self.has_change_permission(request, user):
            return []
        labels = dict(self.get_action_choices(request, []))
        offered = [name for name, is_offered in OFFERED.items() if is_offered(user)]
        return [(name, labels[name]) for name in offered if name in labels]

    def _do(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        act: Act,
        sentence: Any,
        entry: str,
        question: Any = "",
    ) -> HttpResponse | None:
        if question and "confirmed" not in request.POST:
            return self._ask(request, queryset, question)
        users = list(queryset)
        done = sum(self._act_on(user, act, entry, request) for user in users)
        self.message_user(request, sentence.format(done=done, left=len(users) - done))
        if "from_page" in request.POST and users:
            return redirect(f"{self.admin_site.name}:accounts_user_change", users[0].pk)
        return None

    def _act_on(self, user: User, act: Act, entry: str, request: HttpRequest) -> bool:
        if user == request.user or not self.has_change_permission(request, user):
            return False
        try:
            with transaction.atomic():
                is_done = act(user, cast(User, request.user), timezone.now())
                if is_done:
                    self.log_change(request, user, entry)
            return is_done
        except ClosingRefused as refusal:
            self.message_user(request, f"{refusal.detail} ({user})", messages.WARNING)
        except (LimitReached, TokenNotValid):
            # Too many e-mails, or the account changed or is inactive.
            pass
        return False

    def _ask(self, request: HttpRequest, queryset: QuerySet[User], question: Any) -> HttpResponse:
        name = request.POST["action"]
        context = {
            **self.admin_site.each_context(request),
            "title": dict(self.get_action_choices(request))[name],
            "question": question,
            "users": queryset,
            "opts": self.opts,
            "action": name,
            "checkbox": ACTION_CHECKBOX_NAME,
            "is_from_page": "from_page" in request.POST,
        }
        return TemplateResponse(request, "admin/accounts/user/confirm_action.html", context)


def _invite_again(user: User, by: User, now: datetime) -> bool:
    return switches.invitations and invitation.send_again(user, by=by, now=now)


def _verify_again(user: User, by: User, now: datetime) -> bool:
    return _may_be_verified(user) and resending.resend_to(user, by=by, now=now)


def _sign_out(user: User, by: User, _now: datetime) -> bool:
    return logout.sign_out(user, by=by)


def _reset(user: User, by: User, _now: datetime) -> bool:
    return mfa_management.reset(user, by=by)


def _close(user: User, by: User, now: datetime) -> bool:
    return bool(closing.close(user, now=now, by=by))


def _keep(user: User, by: User, _now: datetime) -> bool:
    return closing.reopen(user, by=by)


def _may_be_verified(user: User) -> bool:
    is_on = switches.email_verification is not EmailVerification.NONE
    return is_on and user.is_active and not user.email_verified and not user.invited_at


OFFERED: dict[str, Callable[[User], bool]] = {
    "send_invitation_again": lambda user: switches.invitations and user.is_invited,
    "send_verification_again": _may_be_verified,
    "end_sessions": lambda user: user.is_active,
    "reset_second_factor": lambda user: user.has_second_factor,
    "close_accounts": lambda user: user.is_active,
    "keep_accounts": lambda user: user.closes_at is not None,
}
"""When the page of an account has a button for an action."""
