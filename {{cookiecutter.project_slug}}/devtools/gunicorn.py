"""The project as gunicorn serves it, on a port of the system's choice; for tests and benchmarks."""

import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.env import BASE_DIR
from devtools.ports import HOST
from devtools.processes import Child, Children

ENVIRONMENT = {
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "a-secret-key-of-the-workbench-that-signs-nothing-anywhere-else",
    "JWT_SIGNING_KEY": "another-key-of-the-workbench-that-signs-tokens-nowhere-else",
    "MFA_ENCRYPTION_KEYS": "a-key-of-the-workbench-that-encrypts-secrets-nowhere-else",
    "DEBUG": "False",
    "ALLOWED_HOSTS": f"{HOST},api.example.test",
    "PUBLIC_URL": "https://api.example.test",
    "SECURE_SSL_REDIRECT": "False",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""Settings for fuzzing and benchmarks, whatever the owner's are; without those of the servers."""

_LISTENING = re.compile(rf"http://{re.escape(HOST)}:(\d+)")


@dataclass(frozen=True)
class Web:
    port: int
    process: Child

    @property
    def log(self) -> str:
        return self.process.log.read_text()


def start(children: Children, *options: str, log: Path, environment: Mapping[str, str]) -> Web:
    """Its worker processes may still be on their way, and answer as soon as they are there.

    Args:
        options: of gunicorn, beside the address.

    Raises:
        DevtoolsError: it did not start.
    """
    command = [sys.executable, "-m", "gunicorn", "--config=config/gunicorn.conf.py"]
    process = children.start(
        "gunicorn",
        [*command, f"--bind={HOST}:0", "--no-control-socket", *options, "config.wsgi"],
        log=log,
        # It has nothing to finish.
        stop_signal=signal.SIGKILL,
        cwd=BASE_DIR,
        environment=environment,
    )
    process.wait_until(lambda: bool(_LISTENING.search(log.read_text())))
    return Web(int(_LISTENING.findall(log.read_text())[0]), process)
