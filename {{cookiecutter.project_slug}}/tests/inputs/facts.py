"""The facts that hold of every answer."""

from itertools import chain
from typing import Any

from accounts.models import Session
from core import error_codes

CODES = frozenset(error_codes.codes())

COOKIES = {
    "refresh_token",
    "password_reset_access_token",
    "set_password_access_token",
    "csrftoken",
    "known_device",
    "trusted_device",
}
"""The only ones that the API ever sets. (Django makes browsers forget a bad ``sessionid``.)"""


def hold(response: Any, *, sessions: int | None = None, is_page: bool = False) -> None:
    """Fails where an answer is a crash, is no JSON, sets a foreign cookie or opens a session.

    Args:
        sessions: how many there were before.
    """
    assert response.status_code < 500, response.content
    set_cookies = {name for name, cookie in response.cookies.items() if cookie.value}
    assert set_cookies <= COOKIES, set_cookies
    if sessions is not None:
        assert Session.objects.count() <= sessions
    if response.status_code == 401:
        assert response["WWW-Authenticate"] == "Bearer"
    if response.status_code >= 400 and not is_page and response.request["REQUEST_METHOD"] != "HEAD":
        assert response["Content-Type"] == "application/json"
        assert is_error(response.json()), response.json()


def is_error(body: Any) -> bool:
    """A sentence with its code, or sentences and codes by field. All codes are in the list."""
    if body.keys() == {"detail", "code"}:
        return bool(body["detail"]) and body["code"] in CODES
    by_field = dict(body)
    codes = by_field.pop("codes")
    return (
        bool(codes)
        and _counts(codes) == _counts(by_field)
        and CODES.issuperset(chain(*codes.values()))
    )


def _counts(errors: dict[str, list[str]]) -> dict[str, int]:
    return {field: len(errors_of_field) for field, errors_of_field in errors.items()}
