"""Demo ID: the provider that ``make run`` starts, to try out signing in with one."""

import socket
from functools import cache

from config.env import env
from devtools.ports import HOST, NAME
from devtools.supervisor import Supervisor, say

# As in ``social_login.demo.provider``.
_CLIENT = {
    "SOCIAL_OIDC_NAME": "Demo ID",
    "SOCIAL_OIDC_CLIENT_ID": "demo",
    "SOCIAL_OIDC_CLIENT_SECRET": "a-secret-that-is-none",
    "SOCIAL_OIDC_VERIFIES_EMAIL": "True",
}
_TRY_OUT = "{api}auth/social/try/"
# feature: account_pages
_TRY_OUT = "account/sign-in/"
# end feature


def settings() -> dict[str, str]:
    """The variables of the web server; none where the project has a provider of its own."""
    if env.text("SOCIAL_OIDC_ISSUER"):
        return {}
    return {**_CLIENT, "SOCIAL_OIDC_ISSUER": f"http://{NAME}:{_free_port()}"}


def start(supervisor: Supervisor, address: str) -> None:
    """``address`` is that of the web server."""
    if not env.text("SOCIAL_OIDC_ISSUER"):
        supervisor.serve("demo-id", "-m", "social_login.demo", str(_free_port()))
    if not env.text("FRONTEND_URL"):
        page = _TRY_OUT.format(api=env.text("API_URL", "api/").strip("/") + "/")
        say(f"  Sign in with a provider: {address}/{page}")


@cache
def _free_port() -> int:
    with socket.socket() as server:
        server.bind((HOST, 0))
        port: int = server.getsockname()[1]
        return port
