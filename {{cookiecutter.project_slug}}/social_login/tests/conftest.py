import threading
from collections.abc import Iterator
from typing import Any

import pytest

from social_login.demo.provider import CLIENT_ID, CLIENT_SECRET, DemoProvider
from social_login.demo.server import serve
from social_login.providers import http
from social_login.tests.steps import FRONT_END
from tests.client import Browser


@pytest.fixture(scope="session")
def provider() -> Iterator[DemoProvider]:
    provider = DemoProvider()
    with serve(provider) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()


@pytest.fixture
def demo(provider: DemoProvider, settings: Any) -> DemoProvider:
    """The local provider, which is switched on as ``oidc``, and whose addresses count."""
    http.forget_documents()
    settings.SOCIAL_LOGIN_REDIRECT = FRONT_END
    settings.SOCIAL_LOGIN_TRUSTED_MFA = []
    settings.SOCIAL_PROVIDERS = {"oidc": demo_options(provider)}
    return provider


def demo_options(provider: DemoProvider, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Demo ID",
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "verifies_email": True,
        **changes,
    }


@pytest.fixture
def guest(db: None, demo: DemoProvider) -> Browser:
    """A browser that nobody is signed in with, and a provider to sign in at."""
    return Browser()
