"""Limits of the e-mails that anybody can cause: by kind, and by mailbox."""

import uuid

from core import email_address
from core.ratelimit import throttling

MAILBOX = "mailbox_account"
"""The scope of all e-mails that somebody else can cause."""


def count_email(scope: str, *, to: str, account: uuid.UUID | None = None) -> None:
    """Counts an e-mail that anybody can cause, in its own scope and in that of the mailbox.

    The same for an address without an account. Notices to a verified owner do not count: a stranger
    would silence them.

    Raises:
        LimitReached: the mailbox gets no more of them for now.
    """
    throttling.hit(scope, MAILBOX, of=mailbox(to), account=account)


def mailbox(address: str) -> str:
    """What a limit counts as one: many servers deliver ada+anything@… to ada@…."""
    name, _, domain = email_address.normalise(address).rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
