"""Signals to features. Each is sent in the transaction of the change that it reports."""

from django.dispatch import Signal

challenge_completed = Signal()
"""A user has answered a login challenge. Sends ``challenge``."""

access_revoked = Signal()
"""Everything that was opened under an account's credentials ends. Sends ``user``.

The account is locked: end what a feature has opened as well.
"""

mailbox_proven = Signal()
"""The owner of a mailbox takes an account over that was not verified. Sends ``user``.

A stranger may have used the account before: remove what the stranger could sign in with.
"""
