"""The operations that are measured. Add your own to the list."""

from dataclasses import replace
from typing import Any

from accounts.api.cookies import DEVICE_COOKIE, REFRESH_COOKIE
from accounts.api.requests import DEVICE_HEADER
from accounts.conf import switches
from bench.load import Operation, Person

PASSWORD = "a right good pass phrase"  # noqa: S105  of test users
WITHOUT_HASH = "bench.settings_without_hash"


def known_device(person: Person) -> dict[str, str]:
    if switches.refresh_token_as_cookie:
        return {"Cookie": f"{DEVICE_COOKIE}={person.device_token}"}
    return {DEVICE_HEADER: person.device_token}


def credentials(person: Person) -> dict[str, Any]:
    return {"email": person.email, "password": PASSWORD}


def refresh_cookie(person: Person) -> dict[str, str]:
    in_cookie = {"Cookie": f"{REFRESH_COOKIE}={person.refresh}"}
    return in_cookie if switches.refresh_token_as_cookie else {}


def refresh_body(person: Person) -> dict[str, Any]:
    return {} if switches.refresh_token_as_cookie else {"refresh": person.refresh}


LOGIN = Operation(
    "login",
    "POST",
    "/api/auth/login/",
    headers=known_device,
    body=credentials,
    gives_tokens=True,
)
LOGIN_WITHOUT_HASH = replace(LOGIN, name="login, hash apart", settings=WITHOUT_HASH)
REFRESH = Operation(
    "refresh",
    "POST",
    "/api/auth/refresh/",
    headers=refresh_cookie,
    body=refresh_body,
    gives_tokens=True,
)
NOTHING = Operation("nothing", "GET", "/api/bench/nothing/")

OPERATIONS = [
    LOGIN,
    LOGIN_WITHOUT_HASH,
    REFRESH,
    Operation("current user", "GET", "/api/auth/user/"),
    NOTHING,
]
