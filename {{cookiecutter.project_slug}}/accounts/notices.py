"""Notices: e-mails that tell the owner of an account what was just done to it."""

from typing import Any

from core import throttling
from core.email_address import normalise
from mail import outbox
from mail.letters import Letter

MAILBOX = "mailbox_account"
"""The scope of all e-mails that somebody else can cause."""


def tell_owner(
    letter: Letter, *, to: str, verified: bool, parameters: dict[str, Any] | None = None
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
        outbox.post(letter, to=to, parameters=parameters)


def mailbox(address: str) -> str:
    """What a limit counts as one: many servers deliver ada+anything@… to ada@…."""
    name, _, domain = normalise(address).rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
