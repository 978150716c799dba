"""Demo ID: the provider that ``make run`` starts, to try out signing in with one."""

import socket
from functools import cache

from config.env import env
from devtools.ports import HOST, NAME
from devtools.supervisor import Supervisor

# As in ``social_login.demo.provider``.
_CLIENT = {
    "SOCIAL_OIDC_NAME": "Demo ID",
    "SOCIAL_OIDC_CLIENT_ID": "demo",
    "SOCIAL_OIDC_CLIENT_SECRET": "a-secret-that-is-none",
    "SOCIAL_OIDC_VERIFIES_EMAIL": "True",
}


def settings() -> dict[str, str]:
    """The variables of the web server; none where the project has a provider of its own."""
    if env.text("SOCIAL_OIDC_ISSUER"):
        return {}
    return {**_CLIENT, "SOCIAL_OIDC_ISSUER": f"http://{NAME}:{_free_port()}"}


def start(supervisor: Supervisor) -> None:
    if not env.text("SOCIAL_OIDC_ISSUER"):
        supervisor.serve("demo-id", "-m", "social_login.demo", str(_free_port()))


@cache
def _free_port() -> int:
    with socket.socket() as server:
        server.bind((HOST, 0))
        port: int = server.getsockname()[1]
        return port
