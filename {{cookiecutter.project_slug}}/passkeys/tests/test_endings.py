"""What ends when an administrator deletes a passkey: all that ends with another role."""

import pytest
from django.utils import timezone

from accounts.models import User
from passkeys.flows import management
from passkeys.models import Passkey
from tests.flows.test_account_life import BEGUN, SESSIONS, Life
from tests.flows.test_account_life import life as life
from tests.flows.test_account_life import told as told
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_deletion_by_an_administrator_ends_every_session(life: Life, told: set[User]) -> None:
    facts = dict.fromkeys(("user_verified", "backup_eligible", "backed_up"), True)
    passkey = Passkey.objects.create(
        user=life.user,
        sign_count=0,
        transports=[],
        aaguid=life.user.pk,
        created_at=timezone.now(),
        **facts,
    )

    management.delete_for(life.user, passkey_id=passkey.pk, by=make_user(role=User.Role.ADMIN))

    assert life.ended() == SESSIONS | BEGUN
    assert told == {life.user}
