"""An attacker who knows the password guesses codes for an hour."""

import pytest

from accounts.models import User
from tests.authenticator import Held
from tests.clock import later
from tests.flows.steps import challenge_for, refusal
from tests.flows.test_mfa_verification import INVALID_CHALLENGE, INVALID_CODE, verify
from tests.flows.test_mfa_verification import mode as mode

pytestmark = pytest.mark.django_db


def test_attacker_gets_ten_guesses_in_any_fifteen_minutes(held: Held, user: User) -> None:
    """For an hour, the attacker guesses every minute until the limit answers."""
    challenge, guesses = challenge_for(user), []
    for at in range(0, 3600, 60):
        with later(at):
            while (answer := refusal(verify(challenge, held.app.wrong_code())))[0] != 429:
                guesses += [at] if answer == INVALID_CODE else []
                challenge = challenge_for(user) if answer == INVALID_CHALLENGE else challenge

    assert len(guesses) == 40
    for start in guesses:
        assert sum(start <= guessed < start + 15 * 60 for guessed in guesses) <= 10
