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
from django.utils.translation import override

from accounts.conf import EmailVerification, switches
from accounts.errors import ClosingRefused, LastWayIn, TokenNotValid
from accounts.flows import closing, invitation, logout, mfa_management, resending
from accounts.models import User
from core.ratelimit.throttling import LimitReached

AccountAction = Callable[[User, User, datetime], bool]
"""Gets the account, the administrator and the time. Returns False if there was nothing to do."""

MAX_USERS = 500
"""At once. The page that asks has a field for each, and Django accepts 1,000 fields."""


class AccountActions(admin.ModelAdmin):
    """Not for one's own account. What cannot be undone is confirmed on a page of its own."""

    actions = (
        *("send_invitation_again", "send_verification_again", "end_sessions"),
        *("reset_second_factor", "close_accounts", "reopen_accounts"),
    )

    @admin.action(description=_("Send the invitation again"), permissions=["reset"])
    def send_invitation_again(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """The links of earlier e-mails stop working."""
        sentence = _("Invitations sent again: {done}. None was pending, or too many: {left}.")
        return self._run(
            request, queryset, _invite_again, sentence, _("Sent the invitation again.")
        )

    @admin.action(description=_("Send the verification e-mail again"), permissions=["reset"])
    def send_verification_again(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("E-mails sent again: {done}. None was needed, or too many: {left}.")
        return self._run(
            request, queryset, _verify_again, sentence, _("Sent the verification again.")
        )

    @admin.action(description=_("End the sessions"), permissions=["reset"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("Users signed out: {done}. Not signed out: {left}.")
        question = _(
            "Every device is signed out, also from Django admin. Trusted devices and a pending "
            "change of the e-mail address end, too."
        )
        return self._run(request, queryset, _sign_out, sentence, _("Ended the sessions."), question)

    @admin.action(description=_("Reset MFA"), permissions=["reset"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """For users who lost the app and the recovery codes."""
        sentence = _("MFA was reset: {done}. Not changed: {left}.")
        question = _(
            "Every second factor and the recovery codes are removed, and every device is signed "
            "out. First verify that the request comes from the owner, who gets an e-mail."
        )
        return self._run(request, queryset, _reset, sentence, _("Reset MFA."), question)

    @admin.action(description=_("Close the account"), permissions=["reset"])
    def close_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("Accounts closed: {done}. Not closed: {left}. The owners get an e-mail.")
        question = _(
            "The account is inactive at once, and is deleted later with all of its data, unless "
            "its owner or an administrator reopens it. The owner gets an e-mail."
        )
        return self._run(request, queryset, _close, sentence, _("Closed the account."), question)

    @admin.action(description=_("Reopen the account"), permissions=["reset"])
    def reopen_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        sentence = _("Accounts reopened: {done}. They were not closed: {left}.")
        return self._run(request, queryset, _reopen, sentence, _("Reopened the account."))

    def buttons_for(self, request: HttpRequest, user: User) -> list[tuple[str, str]]:
        """The names and labels of the actions that make sense for this account."""
        if user == request.user or not self.has_change_permission(request, user):
            return []
        labels = dict(self.get_action_choices(request, []))
        offered = [name for name, makes_sense in BUTTON_CONDITIONS.items() if makes_sense(user)]
        return [(name, labels[name]) for name in offered if name in labels]

    def _run(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        action: AccountAction,
        sentence: Any,
        entry: Any,
        question: Any = "",
    ) -> HttpResponse | None:
        if queryset.count() > MAX_USERS:
            text = _("Select {number} users or fewer.").format(number=MAX_USERS)
            self.message_user(request, text, messages.ERROR)
            return None
        if question and "confirmed" not in request.POST:
            return self._ask(request, queryset, question)
        users = list(queryset)
        done = sum(self._act_on(user, action, entry, request) for user in users)
        if "from_page" in request.POST and users:
            self.message_user(request, entry if done else _("Nothing was changed."))
            return redirect(f"{self.admin_site.name}:accounts_user_change", users[0].pk)
        self.message_user(request, sentence.format(done=done, left=len(users) - done))
        return None

    def _act_on(self, user: User, action: AccountAction, entry: Any, request: HttpRequest) -> bool:
        if user == request.user or not self.has_change_permission(request, user):
            return False
        try:
            with transaction.atomic():
                is_done = action(user, cast(User, request.user), timezone.now())
                if is_done:
                    # The log is in English.
                    with override(None):
                        self.log_change(request, user, str(entry))
            return is_done
        except ClosingRefused as refusal:
            self.message_user(request, f"{refusal.detail} ({user})", messages.WARNING)
        except LastWayIn:
            text = _("The account has no other way to sign in. Set a password first.")
            self.message_user(request, f"{text} ({user})", messages.WARNING)
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
    if not _may_be_verified(user):
        return False
    resending.resend_to(user, by=by, now=now)
    return True


def _sign_out(user: User, by: User, _now: datetime) -> bool:
    logout.sign_out(user, by=by)
    return True


def _reset(user: User, by: User, _now: datetime) -> bool:
    return mfa_management.reset(user, by=by)


def _close(user: User, by: User, now: datetime) -> bool:
    closing.close(user, now=now, by=by)
    return True


def _reopen(user: User, by: User, _now: datetime) -> bool:
    return closing.reopen(user, by=by)


def _may_be_verified(user: User) -> bool:
    is_on = switches.email_verification is not EmailVerification.NONE
    return is_on and user.is_active and not user.email_verified and not user.is_invited


BUTTON_CONDITIONS: dict[str, Callable[[User], bool]] = {
    "send_invitation_again": lambda user: switches.invitations and user.is_invited,
    "send_verification_again": _may_be_verified,
    "end_sessions": lambda user: user.is_active,
    "reset_second_factor": lambda user: user.has_second_factor,
    "close_accounts": lambda user: user.is_active,
    "reopen_accounts": lambda user: user.closes_at is not None,
}
"""When the page of an account has a button for an action."""
