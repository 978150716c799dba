"""The state of an account at a glance, for the list of users and their pages."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.mfa import authenticators, failed_attempts, recovery_codes
from accounts.services.mfa.authenticators import Type
from accounts.services.sessions import live_sessions
from core.admin_search import AddressSearchAdmin

STATES = {
    "active": (_("Active and verified"), Q(is_active=True, email_verified=True)),
    "unverified": (_("Not verified"), Q(email_verified=False) & ~User.INVITED),
    "invited": (_("Invited"), User.INVITED),
    "closing": (_("Closing"), Q(closes_at__isnull=False)),
    "inactive": (_("Inactive"), Q(is_active=False, closes_at=None)),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _which) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        _label, which = STATES.get(self.value() or "", ("", Q()))
        return queryset.filter(which)


class AccountState(AddressSearchAdmin):
    """Columns of the list, and read-only fields of the page."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With what the columns show, so that the list has one statement for all its rows."""
        now = timezone.now()
        live = live_sessions.query(now).filter(user=OuterRef("pk")).order_by().values("user")
        users: QuerySet[User] = super().get_queryset(request).select_related("email_change")
        users = users.annotate(
            live_sessions=Coalesce(Subquery(live.annotate(all=Count("pk")).values("all")), 0),
            last_used=Subquery(live.annotate(latest=Max("rotated_at")).values("latest")),
        )
        return failed_attempts.with_lock(users, now=now)

    @admin.display(description=_("State"))
    def state(self, user: Any) -> SafeString:
        badge = '<span class="account-state account-{}">{}</span>'
        return format_html_join(" ", badge, _labels(user))

    @admin.display(description=_("Sessions"))
    def sessions(self, user: Any) -> str:
        if not user.live_sessions:
            return str(_("No session"))
        time = timesince(user.last_used)
        return _("{count} live, used {time} ago").format(count=user.live_sessions, time=time)

    @admin.display(description=_("Second factors"))
    def second_factors(self, user: User) -> str:
        factors = authenticators.list_for(user) if user.has_second_factor else []
        return ", ".join(map(_describe, factors)) or str(_("None"))


def _labels(user: Any) -> Iterator[tuple[str, Any]]:
    if user.closes_at:
        yield "closing", _("Closing until {at}").format(at=_date(user.closes_at))
    elif not user.is_active:
        yield "inactive", _("Inactive")
    if user.is_invited:
        yield "invited", _("Invited")
    else:
        yield "verified", _("Verified") if user.email_verified else _("Not verified")
    if user.pending_email:
        yield "pending", _("New address pending")
    if user.has_second_factor:
        yield "mfa", _("MFA")
    if user.mfa_locked:
        yield "locked", _("MFA locked")


def _describe(factor: Any) -> str:
    if factor.type == Type.RECOVERY_CODES:
        return _("Recovery codes ({left})").format(left=recovery_codes.count_left(factor))
    return authenticators.label_of(factor.type)


def _date(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATE_FORMAT")
