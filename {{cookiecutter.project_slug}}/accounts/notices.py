"""Notices: e-mails that tell the owner of an account what was just done to it."""

from typing import Any

from accounts.services.email_limits import MAILBOX, mailbox
from core.ratelimit import throttling
from mail import outbox
from mail.messages import Email


def tell_owner(
    email: Email, *, to: str, verified: bool, parameters: dict[str, Any] | None = None
) -> None:
    """Posts a notice, within the transaction that it is about.

    Args:
        to: the address of the account.
        verified: whether its owner has shown that the mailbox is theirs. If not, the notice counts
            in ``mailbox_account``, and is dropped where that is exceeded: a stranger who signs up
            with somebody's address must not flood them.
    """
    # A verified address is never limited, or a stranger could use up the limit and go unnoticed.
    if verified or throttling.allows(MAILBOX, of=mailbox(to)):
        outbox.post(email, to=to, parameters=parameters)
