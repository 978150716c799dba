"""Signing in to Django admin, and what is done there."""

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.people import PASSWORD


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
