"""Concurrent requests with one passkey, against a real database."""

from typing import Any

import pytest

from accounts.models import Session, User
from passkeys.models import Passkey
from passkeys.tests.authenticator import Authenticator
from passkeys.tests.steps import answer, begin, enrol, finish, login_options
from tests.client import Browser
from tests.races.concurrency import at_once, overtaken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def passkey(signed_in: Browser, user: User) -> Authenticator:
    return enrol(signed_in, user)


def test_of_requests_with_one_signature_one_signs_in(passkey: Authenticator) -> None:
    before = Session.objects.count()
    asked = login_options(Browser())
    credential = passkey.get(asked["options"])

    answers = at_once(4, lambda _: answer(Browser(), asked, credential))

    assert sorted(response.status_code for response in answers) == [200, 401, 401, 401]
    assert Session.objects.count() == before + 1


def test_of_requests_that_add_one_passkey_one_succeeds(signed_in: Browser) -> None:
    begun, authenticator = begin(signed_in), Authenticator()

    def add(_: int) -> Any:
        browser = Browser()
        browser.access = signed_in.access
        return finish(browser, begun, authenticator)

    answers = at_once(3, add)

    assert sorted(response.status_code for response in answers) == [201, 400, 400]
    assert Passkey.objects.count() == 1


def test_passkey_that_is_being_deleted_signs_nobody_in(
    passkey: Authenticator, signed_in: Browser, user: User
) -> None:
    enrol(signed_in, user)
    asked = login_options(Browser())
    credential = passkey.get(asked["options"])
    stored = Passkey.objects.get(credential_id=passkey.credential_id)

    def delete() -> None:
        response = signed_in.call("delete", "passkey", kwargs={"passkey_id": stored.pk})
        assert response.status_code == 204

    response = overtaken(lambda: answer(Browser(), asked, credential), by=delete)

    assert response.status_code == 401
    assert Session.objects.count() == 1
