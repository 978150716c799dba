"""What ends when an administrator disconnects a provider: all that ends with another role."""

import pytest
from django.utils import timezone

from accounts.models import User
from social_login.flows import accounts
from social_login.models import SocialAccount
from tests.flows.test_account_life import BEGUN, SESSIONS, Life
from tests.flows.test_account_life import life as life
from tests.flows.test_account_life import told as told
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_disconnection_by_an_administrator_ends_every_session(life: Life, told: set[User]) -> None:
    now = timezone.now()
    account = SocialAccount.objects.create(user=life.user, created_at=now, last_used_at=now)

    accounts.disconnect_for(life.user, account_id=account.pk, by=make_user(role=User.Role.ADMIN))

    assert life.ended() == SESSIONS | BEGUN
    assert told == {life.user}
