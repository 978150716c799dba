import pytest

from accounts.models import User
from tests.people import PASSWORD


@pytest.fixture
def admin(db: None) -> User:
    """Who may do everything in Django admin."""
    return User.objects.create_superuser(email="root@example.test", password=PASSWORD)
