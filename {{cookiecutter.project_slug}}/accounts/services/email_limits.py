"""Rate limits of e-mails that anonymous clients can cause."""

import uuid

from core import email_address
from core.ratelimit import throttling

MAILBOX = "mailbox_account"
"""The scope that counts all such e-mails to a mailbox."""


def count_email(scope: str, *, to: str, account: uuid.UUID | None = None) -> None:
    """Raises ``LimitReached`` if the limit of the scope or of the mailbox is exceeded."""
    # Addresses without an account are counted too: no enumeration.
    throttling.hit(scope, MAILBOX, of=mailbox(to), account=account)


def mailbox(address: str) -> str:
    """The address without a tag: many servers deliver ada+anything@… to ada@…."""
    name, _, domain = email_address.normalise(address).rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
