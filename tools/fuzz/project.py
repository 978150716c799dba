"""Serves the project as in production, with its own servers, in each mode."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from config.env import BASE_DIR
from devtools import gunicorn
from devtools.ports import HOST
from devtools.processes import Children

_ENVIRONMENT = gunicorn.ENVIRONMENT | {
    "DJANGO_SETTINGS_MODULE": "devtools.production_settings",
    "API_DOCS": "True",
    "THROTTLE_RATES": "off",
}


@dataclass(frozen=True)
class Mode:
    """A combination of the settings that change requests or responses of the API."""

    mfa: str
    as_cookie: bool
    admin_managed: bool

    def __str__(self) -> str:
        carrier = "cookie" if self.as_cookie else "body"
        return f"{self.mfa}, {carrier}, {'admin-managed' if self.admin_managed else 'open'}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "JWT_ALLAUTH_MFA_TOTP_MODE": self.mfa,
            "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": str(self.as_cookie),
            "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": str(self.admin_managed),
            "JWT_ALLAUTH_INVITATIONS": "True",
            # Covers both responses to a sign-up: with tokens, and with an e-mail only.
            "EMAIL_VERIFICATION": "mandatory" if self.as_cookie else "optional",
        }


MODES = [
    Mode(*each)
    for each in product(("disabled", "optional", "required"), (True, False), (True, False))
]


@dataclass(frozen=True)
class Served:
    address: str
    environment: dict[str, str]


def migrate(urls: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"],
        cwd=BASE_DIR,
        env=os.environ | _ENVIRONMENT | MODES[0].environment | urls,
        check=True,
    )


@contextmanager
def served(mode: Mode, urls: dict[str, str], folder: Path) -> Iterator[Served]:
    """Runs gunicorn on a free port until the ``with`` block ends.

    Args:
        urls: DATABASE_URL and REDIS_URL.
        folder: the folder for its log.
    """
    environment = os.environ | _ENVIRONMENT | mode.environment | urls
    options = ("--workers=1", "--threads=4")
    with Children() as children:
        log = folder / "gunicorn.log"
        web = gunicorn.start(children, *options, log=log, environment=environment)
        yield Served(f"http://{HOST}:{web.port}", environment)
