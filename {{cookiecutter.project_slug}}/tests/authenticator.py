"""The second factor of a user: an authenticator app and recovery codes."""

from dataclasses import dataclass
from datetime import timedelta

import pyotp
from django.db import transaction
from django.utils import timezone

from accounts.models import LoginChallenge, User
from accounts.services.mfa import enrolment


class App:
    """An authenticator app; ``secret`` is what it has scanned."""

    def __init__(self, secret: str) -> None:
        self._totp = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        """The code that it shows now, or so many steps of 30 seconds later."""
        return self._totp.at(timezone.now(), counter_offset=steps)

    def wrong_code(self) -> str:
        """One that is right at no time near to now."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(8)) if code not in near)


@dataclass(frozen=True)
class Held:
    app: App
    recovery_codes: list[str]


def enrol(user: User) -> Held:
    """Gives an account a second factor, ten minutes ago: no code of now has been used."""
    then = timezone.now() - timedelta(minutes=10)
    challenge = LoginChallenge.objects.create(
        user=user, kind=LoginChallenge.Kind.SETUP, expires_at=then
    )
    begun = enrolment.begin(user, origin=challenge, now=then)
    code = pyotp.TOTP(begun.secret).at(then)
    with transaction.atomic():
        codes = enrolment.activate(user, code=code, now=then)
    assert codes is not None
    challenge.delete()
    return Held(App(begun.secret), codes)
