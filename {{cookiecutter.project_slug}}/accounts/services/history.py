"""The history: the events of the security log that concern the owner of an account.

Each is written in the transaction that it is about, so that a rollback removes it as well. Failed
sign-ins are left out: strangers cause them, and writing them only for known addresses would take
time that reveals which addresses have an account.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.types.json import Json

from accounts.models import SecurityEvent
from core import current_client
from core.db import fetch_one

KEPT = timedelta(days=90)

SIGN_IN = "session_opened"
"""The statement that opens the session writes it (``accounts.services.sessions.store``)."""

SENTENCES: dict[str, Any] = {
    SIGN_IN: _("A device signed in."),
    "session_opened:new_device": _("A new device signed in."),
    "account_closing": _("The account was closed."),
    "account_reopened": _("The account was reopened."),
    "account_exported": _("The data of the account was downloaded."),
    "challenge_opened": _("A sign-in was asked for the second factor."),
    "challenge_opened:setup": _("A sign-in was asked to set up a second factor."),
    "admin_login": _("A browser signed in to the administration."),
    "admin_login:new_device": _("A new browser signed in to the administration."),
    "session_limit_reached": _("The oldest sessions were ended, because there were too many."),
    "session_revoked": _("A session was ended."),
    "sessions_revoked": _("Sessions were ended."),
    "refresh_replayed": _("A copied session was used, and ended."),
    "signed_out": _("An administrator signed out every device."),
    "verification_resent": _("An administrator sent the e-mail to verify the address again."),
    "invited": _("An administrator sent an invitation."),
    "address_verified": _("The e-mail address was verified."),
    "address_change_asked": _("Another e-mail address was requested."),
    "address_change_withdrawn": _("The change of the e-mail address was cancelled."),
    "address_changed": _("The e-mail address was changed."),
    "address_changed:outside": _("The e-mail address was changed by an administrator."),
    "verification_withdrawn": _("An administrator marked the e-mail address as not verified."),
    "password_set": _("A password was set with a link from an e-mail."),
    "password_changed": _("The password was changed."),
    "password_check_failed": _("A signed-in device entered a wrong password."),
    "credentials_changed": _("An administrator changed the password or the rights."),
    "second_factor_on": _("Multi-factor authentication was turned on."),
    "second_factor_off": _("Multi-factor authentication was turned off."),
    "second_factor_reset": _("An administrator reset multi-factor authentication."),
    "device_trusted": _("A device was trusted."),
    "leaked_password_used": _("A sign-in used a password that has leaked."),
    "recovery_codes_replaced": _("The recovery codes were replaced."),
    "second_factor_failed": _("A second factor was not accepted."),
    "second_factor_locked": _("Too many second factors were not accepted."),
}
"""Of the events, and of an event with one of its facts."""

# The row lock waits for a deletion of the account, and then there is nothing to write.
_WRITE = """
    INSERT INTO accounts_securityevent (user_id, at, event, network, user_agent, facts)
    SELECT id, %(at)s, %(event)s, %(network)s, %(user_agent)s, %(facts)s FROM accounts_user
    WHERE id = %(account)s
    FOR KEY SHARE
    RETURNING id
"""


def note(*, account: uuid.UUID, event: str, **facts: Any) -> None:
    """Listens to the security log."""
    if event not in SENTENCES or event == SIGN_IN:
        return
    client = current_client.current()
    row = {
        "account": account,
        "at": timezone.now(),
        "event": event,
        # The user does not see where an administrator is.
        "network": "" if "by" in facts else client.network,
        "user_agent": "" if "by" in facts else client.user_agent,
        "facts": Json(facts),
    }
    fetch_one(_WRITE, row)


def list_of(user_id: uuid.UUID, *, now: datetime) -> QuerySet[SecurityEvent]:
    """The events of the last 90 days, the latest first."""
    return SecurityEvent.objects.filter(user_id=user_id, at__gt=now - KEPT).order_by("-at")


def sentence_for(event: SecurityEvent) -> str:
    """What happened, in the language of the request."""
    facts = [event.facts.get(name) for name in ("device", "way", "kind")]
    keys = (f"{event.event}:{fact}" for fact in facts)
    found = next((SENTENCES[key] for key in keys if key in SENTENCES), None)
    # An event of another release may have no sentence.
    return str(found or SENTENCES.get(event.event, event.event))


def purge(*, now: datetime) -> int:
    """Returns how many events were deleted."""
    deleted, _details = SecurityEvent.objects.filter(at__lte=now - KEPT).delete()
    return deleted
