"""Nobody changes an account in Django admin that has more privileges than theirs."""

from django.http import HttpRequest

from accounts.models import User
from accounts.services.privileges import has_more_privileges


def is_above(person: User | None, request: HttpRequest) -> bool:
    return person is not None and has_more_privileges(person, than=request.user)
