"""Signals to features. Each is sent in the transaction of the change that it reports."""

from django.dispatch import Signal

challenge_completed = Signal()
"""A user has answered a login challenge. Sends ``challenge``."""

access_revoked = Signal()
"""Everything that was opened under an account's credentials ends. Sends ``user``.

The account is locked: end what a feature has opened as well.
"""

account_taken_over = Signal()
"""An account that was never verified gets another owner: by a reset, an invitation or a provider.

Sends ``user``. A stranger may have used the account before: remove what the stranger could sign in
with.
"""
