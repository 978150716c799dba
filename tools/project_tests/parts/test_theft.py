"""A stolen refresh token never makes two branches, in any order of uses, logouts and time."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from accounts import sign_in
from accounts.errors import TokenNotValid
from accounts.flows.refresh import refresh
from accounts.models import Session
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.sessions import store, tokens
from tests.people import make_user, prove

HOLDERS = st.sampled_from(["owner", "second tab", "thief"])
CLIENT = Client("192.0.2.1", "a browser")


class Theft(RuleBasedStateMachine):
    """Three parties hold copies of one session's refresh token, each perhaps an older one.

    In each order a token has one successor; a token that was rotated longer ago than the leeway
    refreshes nothing and ends the session; after that, and after a logout, no token refreshes.
    """

    leeway = timedelta()
    credentials: Credentials

    @initialize()
    def sign_in(self) -> None:
        self.now = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
        self.user_id = self.credentials.user_id
        # Those of the order before this one.
        store.revoke_all(user_id=self.user_id)
        result = self._at_now(
            lambda: sign_in.complete_sign_in(self.credentials, client=CLIENT, now=self.now)
        )
        first = result.tokens.refresh
        self.holds = dict.fromkeys(["owner", "second tab", "thief"], first)
        self.successor: dict[str, str] = {}
        self.rotated_at: dict[str, datetime] = {}
        self.over = False

    @rule(holder=HOLDERS)
    def refreshes(self, holder: str) -> None:
        presented = self.holds[holder]
        try:
            received = self._at_now(lambda: refresh(token=presented, client=CLIENT, now=self.now))
        except TokenNotValid:
            self._refused(presented)
        else:
            self._accepted(presented, received.refresh)
            self.holds[holder] = received.refresh

    @rule(holder=HOLDERS, from_whom=HOLDERS)
    def copies_the_token(self, holder: str, from_whom: str) -> None:
        self.holds[holder] = self.holds[from_whom]

    @rule(seconds=st.sampled_from([0, 1, 5, 9, 10, 11, 60, 86_400, 13 * 86_400, 14 * 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def logs_out(self) -> None:
        store.revoke_all(user_id=self.user_id)
        self.over = True

    def _accepted(self, presented: str, received: str) -> None:
        assert not self.over
        assert self.successor.setdefault(presented, received) == received, "two branches"
        if presented in self.rotated_at:
            assert self.now - self.rotated_at[presented] < self.leeway, "used after the leeway"
        self.rotated_at.setdefault(presented, self.now)
        assert received not in self.rotated_at, "the successor had been rotated"

    def _refused(self, presented: str) -> None:
        if presented in self.rotated_at and not self._expired(presented):
            self.over = True
            assert not Session.objects.filter(user_id=self.user_id).exists()
        assert self.over or self._expired(presented), "a good token was refused"

    def _expired(self, token: str) -> bool:
        try:
            self._at_now(lambda: tokens.read_refresh(token))
        except TokenNotValid:
            return True
        return not Session.objects.filter(user_id=self.user_id, expires_at__gt=self.now).exists()

    def _at_now(self, action: Any) -> Any:
        with time_machine.travel(self.now, tick=False):
            return action()


@pytest.mark.django_db
@pytest.mark.parametrize("leeway", [0, 10])
def test_thief_and_owner_never_both_refresh_after_their_tokens_diverged(
    leeway: int, settings: Any
) -> None:
    settings.JWT_ALLAUTH_REFRESH_REUSE_LEEWAY = leeway
    # Once for all orders: nothing else takes as long as its two hashes.
    facts = {"leeway": timedelta(seconds=leeway), "credentials": prove(make_user())}
    machine = type("Theft", (Theft,), facts)

    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=60, stateful_step_count=25, deadline=None, derandomize=True
        ),
    )
