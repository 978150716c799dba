"""A browser, or an app, that talks to the API over HTTP as Django's test client sees it."""

from typing import Any, Self

from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse

from accounts.api.cookies import REFRESH_COOKIE
from tests.authenticator import App
from tests.mailbox import link_to
from tests.people import NEW_PASSWORD, PASSWORD

SETUP, ACTIVATE = "jwt_allauth_mfa_setup", "jwt_allauth_mfa_activate"
BY_CODE = ("jwt_allauth_mfa_verify", "code")
BY_RECOVERY_CODE = ("jwt_allauth_mfa_verify_recovery", "recovery_code")

# One for all browsers, as a server has one: to load the middleware takes longer than most requests.
_handler = ClientHandler(enforce_csrf_checks=True)
_handler.load_middleware()


class Browser(Client):
    """Keeps the refresh cookie as a browser does, and the access token as its script does."""

    access = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handler = _handler

    def call(self, method: str, name: str, data: Any = None, **options: Any) -> Any:
        """A JSON request to the endpoint of this name, with the access token if there is one.

        Args:
            options: ``kwargs`` of the path, and ``headers``.
        """
        path = reverse(name, kwargs=options.pop("kwargs", None))
        bearer = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        headers = bearer | options.pop("headers", {})
        content = {} if method == "get" else {"data": data, "content_type": "application/json"}
        return getattr(self, method)(path, **content, headers=headers, **options)

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        response = self.call("post", "rest_login", {"email": email, "password": password})
        self.access = response.json().get("access", "")
        return response

    def refresh(self, **options: Any) -> Any:
        """Without the access token, as when it has expired; a success replaces it."""
        self.access = ""
        response = self.call("post", "token_refresh", {}, **options)
        self.access = response.json().get("access", "")
        return response

    def sign_up(self, address: str, password: str = PASSWORD, **fields: Any) -> Any:
        body = {"email": address, "password1": password, "password2": password}
        names = {"first_name": "Ada", "last_name": "O'Brien"}
        response = self.call("post", "rest_register", body | names | fields)
        self.access = response.json().get("access", "")
        return response

    def set_password(self, name: str, password: str, **fields: Any) -> Any:
        """With the cookies that a link has left; ``name`` is that of the endpoint."""
        csrf = self.cookies["csrftoken"].value if "csrftoken" in self.cookies else ""
        body = {"new_password1": password, "new_password2": password} | fields
        response = self.call("post", name, body, headers={"X-CSRFToken": csrf})
        self.access = response.json().get("access", "")
        return response

    def rotate(self) -> str:
        """Refreshes, and returns the token that was rotated."""
        rotated = self.refresh_token
        self.refresh()
        return rotated

    def sign_out(self) -> Any:
        return self.call("post", "rest_logout", {})

    def sign_out_everywhere(self) -> Any:
        return self.call("post", "rest_logout_all", {})

    def end_session(self, session_id: Any) -> Any:
        return self.call("delete", "session_detail", kwargs={"session_id": session_id})

    def change_profile(self, **fields: Any) -> Any:
        return self.call("patch", "rest_user_details", fields)

    def change_password(self, **fields: Any) -> Any:
        """With the right old password, unless told otherwise; None leaves a field out."""
        new = dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD)
        body = {"old_password": PASSWORD} | new | fields
        present = {name: value for name, value in body.items() if value is not None}
        return self.call("post", "rest_password_change", present)

    def request_reset(self, email: Any) -> Any:
        return self.call("post", "rest_password_reset", {"email": email})

    def open_reset(self, email: str) -> Self:
        """Requests a reset and opens its link."""
        self.request_reset(email)
        self.get(link_to(email))
        return self

    def set_new(self, password: str = NEW_PASSWORD, **fields: Any) -> Any:
        """Ends a reset whose link has been opened."""
        return self.set_password("rest_password_reset_set_new", password, **fields)

    def reset_password(self, email: str) -> Any:
        """From the request to the new password."""
        return self.open_reset(email).set_new()

    def invite(self, email: str, **fields: Any) -> Any:
        return self.call("post", "rest_user_register", {"email": email, "role": "USER"} | fields)

    def accept(self, password: str = NEW_PASSWORD, **fields: Any) -> Any:
        """Accepts an invitation whose link has been opened."""
        return self.set_password("rest_set_password", password, **fields)

    def set_up(self, challenge: str = "") -> App:
        """Begins the enrolment; returns the app that has scanned the secret."""
        body = {"setup_challenge_id": challenge} if challenge else {}
        return App(self.call("post", SETUP, body).json()["secret"])

    def activate(self, code: str, challenge: str = "") -> Any:
        body = {"setup_challenge_id": challenge} if challenge else {}
        return self.call("post", ACTIVATE, {"code": code, **body})

    def deactivate(self, password: str = PASSWORD) -> Any:
        return self.call("post", "jwt_allauth_mfa_deactivate", {"password": password})

    def verify(self, challenge: str, code: str, way: tuple[str, str] = BY_CODE) -> Any:
        """Answers a challenge; a success signs in."""
        name, field = way
        response = self.call("post", name, {"challenge_id": challenge, field: code})
        self.access = response.json().get("access", "")
        return response

    @property
    def refresh_token(self) -> str:
        return self.cookies[REFRESH_COOKIE].value

    @refresh_token.setter
    def refresh_token(self, token: str) -> None:
        self.cookies[REFRESH_COOKIE] = token
