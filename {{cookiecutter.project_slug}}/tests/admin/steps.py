"""Signing in to Django admin, and what is done there."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.people import PASSWORD, make_user

LIST = reverse("admin:accounts_user_changelist")


def log_in(client: Client, email: str, password: str = PASSWORD, **fields: str) -> Any:
    return client.post(reverse("admin:login"), {"username": email, "password": password, **fields})


def is_in(client: Client) -> bool:
    """Whether the client may see the pages of the admin."""
    return client.get(reverse("admin:index")).status_code == 200


def as_(actor: User) -> Client:
    """A client that is signed in as this user, without its second factor."""
    client = Client()
    client.force_login(actor)
    return client


def act(actor: User, action: str, *users: User, **fields: str) -> str:
    """The page after an action on users, with the confirmation unless ``confirmed`` is empty."""
    form = {"action": action, "_selected_action": [str(user.pk) for user in users]}
    sent = {"confirmed": "yes", **fields}
    form |= {name: value for name, value in sent.items() if value}
    return str(as_(actor).post(LIST, form, follow=True).content.decode())


def with_permissions(role: str, *names: str) -> User:
    user = make_user(role=role)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user
