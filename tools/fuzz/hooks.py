"""Hooks that give Schemathesis users, and the values that only they know.

They run in the process of Schemathesis (``SCHEMATHESIS_HOOKS``), with the settings of the server.
They only replace values that match the schema: an intentionally invalid case stays invalid.
"""

import logging
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import schemathesis  # type: ignore[import-not-found, unused-ignore]  # `make fuzz` installs it
from schemathesis.core.parameters import (  # type: ignore[import-not-found, unused-ignore]
    ParameterLocation,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
# Log lines about the users created here are not findings.
logging.disable()

from accounts.api.cookies import REFRESH_COOKIE  # noqa: E402  it needs the settings
from accounts.conf import MfaMode, switches  # noqa: E402
from accounts.link_cookies import (  # noqa: E402
    INVITATION_COOKIE,
    PASSWORD_RESET_COOKIE,
    LinkCookie,
)
from accounts.services.links.signed_links import Purpose  # noqa: E402
from fuzz import people  # noqa: E402
from fuzz.people import CSRF_TOKEN, NEW_PASSWORD, Person  # noqa: E402
from tests.people import PASSWORD  # noqa: E402

Values = dict[str, Any]
Fill = Callable[[Person, Values], Values]
"""Returns valid values of this user for fields of the body."""

_people: dict[str, Person] = {}
"""The user of each case, by the id of the case."""


class Admin:
    """Sends the access token of an ADMIN who is created for each request."""

    def get(self, case: Any, context: Any) -> Person:
        return _person_of(case)

    def set(self, case: Any, person: Person, context: Any) -> None:
        _, issued = people.sign_in(person)
        case.headers["Authorization"] = f"Bearer {issued.access}"


if os.environ["FUZZ_AS"] == "admin":
    schemathesis.auth(refresh_interval=None)(Admin)


def _person_of(case: Any) -> Person:
    if case.id not in _people:
        with_second_factor = people.needs_second_factor(case.operation.path)
        _people[case.id] = people.make_person(with_second_factor=with_second_factor)
    return _people[case.id]


def _two(first: str, second: str) -> Fill:
    return lambda person, body: {first: NEW_PASSWORD, second: NEW_PASSWORD}


def _credentials(person: Person, body: Values) -> Values:
    return {"email": person.user.email, "password": PASSWORD}


def _refresh_token(person: Person, body: Values) -> Values:
    return {"refresh": people.sign_in(person)[1].refresh}


def _new_address(person: Person, body: Values) -> Values:
    """Returns an unused address: Schemathesis often repeats one."""
    return {"email": f"{uuid.uuid4().hex}@example.test"}


def _profile(person: Person, body: Values) -> Values:
    """Replaces addresses with two characters that only OpenAPI accepts (``NewAddressField``)."""
    return _new_address(person, body) if set(body.get("email", "")) & set('"/') else {}


def _sign_up(person: Person, body: Values) -> Values:
    return _two("password1", "password2")(person, body) | _new_address(person, body)


def _password_change(person: Person, body: Values) -> Values:
    return {"old_password": PASSWORD} | _two("new_password1", "new_password2")(person, body)


def _challenge(person: Person, body: Values) -> Values:
    if person.app is None:
        return {}
    return {
        "challenge_id": people.challenge(person),
        "code": person.app.code(),
        "recovery_code": person.recovery_codes[0],
    }


def _setup(person: Person, body: Values) -> Values:
    return people.setup_challenge(pending=False) if _comes_with_challenge(body) else {}


def _activation(person: Person, body: Values) -> Values:
    if _comes_with_challenge(body):
        return people.setup_challenge(pending=True)
    if person.app is not None:
        return {}
    return {"code": people.pending_code(person, person.user.sessions.get())}


def _comes_with_challenge(body: Values) -> bool:
    """If MFA is required, a user without a second factor has no access token."""
    return "setup_challenge_id" in body or _is_required()


def _is_required() -> bool:
    return switches.mfa_mode is MfaMode.REQUIRED


BODIES: dict[str, Fill] = {
    "login/": _credentials,
    "user/": _profile,
    "refresh/": _refresh_token,
    "logout/": _refresh_token,
    "password/change/": _password_change,
    "password/reset/set-new/": _two("new_password1", "new_password2"),
    "registration/": _sign_up,
    "registration/user-register/": _new_address,
    "registration/set-password/": _two("new_password1", "new_password2"),
    "mfa/setup/": _setup,
    "mfa/activate/": _activation,
    "mfa/verify/": _challenge,
    "mfa/verify-recovery/": _challenge,
    "mfa/recovery-codes/": lambda person, body: {"code": person.app.code()} if person.app else {},
    "mfa/deactivate/": lambda person, body: {"password": PASSWORD},
}
"""Only fields that the body contains are replaced."""

LINKS = {
    "password/reset/set-new/": (PASSWORD_RESET_COOKIE, Purpose.PASSWORD_RESET_COOKIE),
    "registration/set-password/": (INVITATION_COOKIE, Purpose.INVITATION_COOKIE),
}


def before_call(context: Any, case: Any, kwargs: Any) -> None:
    endpoint = case.operation.path.removeprefix("/api/auth/")
    person = _person_of(case)
    if endpoint in BODIES and not case.meta.is_negative_at(ParameterLocation.BODY):
        _fill_body(case, BODIES[endpoint], person)
    if endpoint in ("refresh/", "logout/") and switches.refresh_token_as_cookie:
        case.cookies[REFRESH_COOKIE] = people.sign_in(person)[1].refresh
    if endpoint in LINKS:
        _open_link(case, person, *LINKS[endpoint])
    if "session_id" in case.path_parameters:
        _name_session(case, person)


def _fill_body(case: Any, fill: Fill, person: Person) -> None:
    body = case.body if isinstance(case.body, dict) else {}
    needed = {"setup_challenge_id"} if _is_required() else set()
    values = fill(person, body)
    filled = {name: value for name, value in values.items() if name in body.keys() | needed}
    if filled:
        case.body = body | filled


def _name_session(case: Any, person: Person) -> None:
    if not case.meta.is_negative_at(ParameterLocation.PATH):
        grant, _ = people.sign_in(person)
        case.path_parameters["session_id"] = str(grant.session_id)


def _open_link(case: Any, person: Person, cookie: LinkCookie, purpose: Purpose) -> None:
    if purpose is Purpose.INVITATION_COOKIE:
        people.invite(person)
    case.cookies[cookie.name] = people.make_link(purpose, person)
    case.cookies["csrftoken"] = case.headers["X-CSRFToken"] = CSRF_TOKEN


def after_call(context: Any, case: Any, response: Any) -> None:
    """Appends the status to a file, in which ``fuzz.__main__`` counts them."""
    with Path(os.environ["FUZZ_STATUSES"]).open("a", encoding="ascii") as file:
        file.write(f"{response.status_code}\n")


def after_validate(context: Any, case: Any, response: Any, results: Any) -> None:
    _people.pop(case.id, None)


for hook in (before_call, after_call, after_validate):
    schemathesis.hook(hook)
