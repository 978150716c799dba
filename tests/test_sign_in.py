"""With any answers, the project passes Django's checks and users can sign in."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import Bake, Command

SERVERS = """
import json, sys
from devtools.services import throwaway
print(json.dumps(throwaway()), flush=True)
sys.stdin.read()
"""

# As in production: no DEBUG, HTTPS, and the switches of config/defaults.json.
SIGN_IN = """
import json, sys, uuid
import django, pyotp
django.setup()
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

call_command("collectstatic", interactive=False, verbosity=0)
call_command("check", deploy=True, fail_level="WARNING")
call_command("migrate", verbosity=0)
email = f"{uuid.uuid4()}@example.test"
password = "a right good pass phrase"
get_user_model().objects.create_user(email=email, password=password, email_verified=True)


class Https(Client):
    def ask(self, method, path, data=None, **headers):
        path = "/api/auth/" + path
        response = self.generic(method, path, json.dumps(data or {}), "application/json",
                                secure=True, headers=headers)
        return response.status_code, response.json()


client = Https(SERVER_NAME="localhost")
second_factor = {"authenticators": "GET", "setup": "POST", "activate": "POST", "verify": "POST",
                 "verify-recovery": "POST", "deactivate": "POST", "recovery-codes": "POST"}
strangers = {client.ask(method, f"mfa/{path}/")[0] for path, method in second_factor.items()}
signed_in = client.ask("POST", "login/", {"email": email, "password": password})
first = next(iter(signed_in[1]))
if "setup_challenge_id" in signed_in[1]:
    challenge = {"setup_challenge_id": signed_in[1]["setup_challenge_id"]}
    secret = client.ask("POST", "mfa/setup/", challenge)[1]["secret"]
    code = pyotp.TOTP(secret).now()
    signed_in = client.ask("POST", "mfa/activate/", {**challenge, "code": code})
tokens = signed_in[1]
setup = client.ask("POST", "mfa/setup/", Authorization=f"Bearer {tokens['access']}")
profile = client.ask("GET", "user/", Authorization=f"Bearer {tokens['access']}")
newcomer = {"email": f"new-{email}", "password1": password, "password2": password,
            "first_name": "Ada", "last_name": "Lovelace"}
signed_up = client.ask("POST", "registration/", newcomer)
body = {"refresh": tokens["refresh"]} if "refresh" in tokens else {}
refreshed = client.ask("POST", "refresh/", body)
names = ("DEBUG", "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION", "JWT_ALLAUTH_MFA_TOTP_MODE",
         "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE")
print(json.dumps({
    "statuses": [signed_in[0], profile[0], refreshed[0]],
    "first": first,
    "setup": setup[0],
    "strangers": sorted(strangers),
    "may_sign_up": signed_up[0] == 201,
    "in_body": "refresh" in tokens,
    "in_cookie": "refresh_token" in client.cookies,
    "settings": [getattr(settings, name) for name in names],
}))
"""


# The first key of a login response, the status of a setup with an access token, and the statuses of
# the six endpoints without one.
SECOND_FACTOR = {
    "disabled": {"first": "access", "setup": 403, "strangers": [403]},
    "optional": {"first": "access", "setup": 200, "strangers": [400, 401]},
    "required": {"first": "mfa_setup_required", "setup": 400, "strangers": [400, 401]},
}


@pytest.fixture(scope="session")
def servers(project_python: Path) -> Iterator[dict[str, str]]:
    """DATABASE_URL and REDIS_URL of one empty PostgreSQL and Valkey."""
    project = project_python.parents[2]
    with subprocess.Popen(
        [project_python, "-c", SERVERS],
        cwd=project,
        # Without variables that name other servers.
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.communicate()


@pytest.mark.parametrize("as_cookie", [True, False], ids=["cookie", "body"])
@pytest.mark.parametrize("mfa", ["disabled", "optional", "required"])
@pytest.mark.parametrize("by_invitation", [False, True], ids=["open", "by invitation"])
def test_users_can_sign_in(
    bake: Bake,
    command: Command,
    project_python: Path,
    servers: dict[str, str],
    by_invitation: bool,
    mfa: str,
    as_cookie: bool,
) -> None:
    project = bake(
        admin_managed_registration=by_invitation, mfa_mode=mfa, refresh_token_as_cookie=as_cookie
    )

    result = command(
        *(project_python, "-c", SIGN_IN),
        cwd=project,
        env={
            **servers,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "False",
            # No mail server listens there: the e-mails stay in the outbox.
            "EMAIL_URL": "smtp://127.0.0.1:9",
            "PUBLIC_URL": "https://localhost",
        },
    )

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "statuses": [200, 200, 200],
        **SECOND_FACTOR[mfa],
        "may_sign_up": not by_invitation,
        "in_body": not as_cookie,
        "in_cookie": as_cookie,
        "settings": [False, by_invitation, mfa, as_cookie],
    }
