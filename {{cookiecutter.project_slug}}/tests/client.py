"""A browser, or an app, that talks to the API over HTTP as Django's test client sees it."""

from typing import Any

from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse

from accounts.api.cookies import REFRESH_COOKIE
from tests.people import PASSWORD

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

    @property
    def refresh_token(self) -> str:
        return self.cookies[REFRESH_COOKIE].value

    @refresh_token.setter
    def refresh_token(self, token: str) -> None:
        self.cookies[REFRESH_COOKIE] = token
