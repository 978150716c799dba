"""What the tests of tokens do again and again."""

from typing import Any

from tests.client import Browser

HOUR = 3_600
ORDER = {"name": "Nightly export", "scopes": ["orders:read"], "expires_in": HOUR}


def create(browser: Browser, **fields: Any) -> Any:
    """The response to a request for a token; None leaves a field out."""
    body = {name: value for name, value in {**ORDER, **fields}.items() if value is not None}
    return browser.call("post", "api_tokens", body)


def created(browser: Browser, **fields: Any) -> dict[str, Any]:
    response = create(browser, **fields)
    assert response.status_code == 201, response.json()
    made: dict[str, Any] = response.json()
    return made


def token_for(browser: Browser, **fields: Any) -> str:
    return str(created(browser, **fields)["token"])


def program(token: str, **options: Any) -> Browser:
    """A client that sends the token, and no cookie."""
    client = Browser(**options)
    client.access = token
    return client


def use(token: str, method: str = "get", name: str = "orders", **options: Any) -> Any:
    return program(token, **options).call(method, name, {})


def delete(browser: Browser, token_id: str) -> Any:
    return browser.call("delete", "api_token", kwargs={"token_id": token_id})
