"""The second factor over HTTP, with Redis away."""

from typing import Any

import pytest

from accounts.models import FailedMfaAttempt, User
from mail.models import Mail
from tests.authenticator import enrol
from tests.mail.stage import Stage
from tests.people import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def challenge_for(stage: Stage, user: User) -> str:
    return str(stage.browser().sign_in(user.email).json()["challenge_id"])


def show(stage: Stage, challenge: str, code: str) -> Any:
    body = {"challenge_id": challenge, "code": code}
    return stage.browser().call("post", "jwt_allauth_mfa_verify", body)


def test_code_works_once_and_guesses_are_counted_without_redis(stage: Stage) -> None:
    user = make_user()
    app = enrol(user).app
    stage.kill_broker()
    code = app.code(+1)

    assert show(stage, challenge_for(stage, user), code).status_code == 200
    assert show(stage, challenge_for(stage, user), code).json()["code"] == "invalid_code"

    for _ in range(3):
        challenge = challenge_for(stage, user)
        for _ in range(3):
            show(stage, challenge, app.wrong_code())
    locked = show(stage, challenge_for(stage, user), app.code())
    assert (locked.status_code, locked.json()["code"]) == (429, "throttled")
    assert FailedMfaAttempt.objects.count() == 10
    assert Mail.objects.get(kind="second_factor_locked").state == "pending"
