"""Starts gunicorn for tests, on a free port."""

import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.env import BASE_DIR
from devtools import production
from devtools.ports import HOST
from devtools.processes import Child, Children

SERVERS = frozenset({"DATABASE_URL", "REDIS_URL"})
ENVIRONMENT = {
    **{name: value for name, value in production.ENVIRONMENT.items() if name not in SERVERS},
    "ALLOWED_HOSTS": f"{HOST},api.example.test",
    "SECURE_SSL_REDIRECT": "False",
}

_LISTENING = re.compile(rf"http://{re.escape(HOST)}:(\d+)")


@dataclass(frozen=True)
class Web:
    port: int
    process: Child

    @property
    def log(self) -> str:
        return self.process.log.read_text()


def start(children: Children, *options: str, log: Path, environment: Mapping[str, str]) -> Web:
    """Returns when gunicorn listens. Its workers may still be starting."""
    command = [sys.executable, "-m", "gunicorn", "--config=config/gunicorn.conf.py"]
    process = children.start(
        "gunicorn",
        [*command, f"--bind={HOST}:0", *options, "config.wsgi"],
        log=log,
        stop_signal=signal.SIGKILL,
        cwd=BASE_DIR,
        environment=environment,
    )
    process.wait_until(lambda: bool(_LISTENING.search(log.read_text())))
    return Web(int(_LISTENING.findall(log.read_text())[0]), process)
