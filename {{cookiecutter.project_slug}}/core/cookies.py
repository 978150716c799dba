"""Cookies that hold something: out of every script's reach, and of other sites' forms."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponseBase


def set_cookie(
    response: HttpResponseBase, name: str, value: str, *, max_age: timedelta, path: str
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path=path,
        secure=not settings.DEBUG,
        httponly=True,
        samesite="Lax",
    )
