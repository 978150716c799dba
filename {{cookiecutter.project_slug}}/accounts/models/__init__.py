"""The models of accounts."""

from accounts.models.history import SecurityEvent
from accounts.models.managers import UserManager
from accounts.models.mfa import (
    FailedMfaAttempt,
    LoginChallenge,
    PendingSecret,
    RecoveryCode,
    TrustedDevice,
)
from accounts.models.sessions import EmailChange, EndedSession, Session
from accounts.models.users import User
from accounts.models.validators import validate_person_name
from core.email_address import LowercaseEmailField

__all__ = [
    "EmailChange",
    "EndedSession",
    "LoginChallenge",
    "LowercaseEmailField",
    "PendingSecret",
    "SecurityEvent",
    "RecoveryCode",
    "Session",
    "TrustedDevice",
    "User",
    "UserManager",
    "FailedMfaAttempt",
    "validate_person_name",
]
