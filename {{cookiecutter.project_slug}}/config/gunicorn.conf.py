"""How gunicorn serves the project: ``gunicorn --config config/gunicorn.conf.py config.wsgi``.

``WEB_CONCURRENCY``, ``WEB_THREADS`` and ``PORT`` come from the real environment. Times are in
seconds.
"""

import gc
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from gunicorn import glogging

from core.logging.format import Formatter


class Logger(glogging.Logger):
    """Logs as the project does before Django is there, and in the master, which never loads it.

    The settings are not read here: the master would hand them on to the workers of every reload.
    """

    def setup(self, cfg: object) -> None:
        # Not by super(): of what has no types, mypy lets only names pass.
        glogging.Logger.setup(self, cfg)
        style = os.environ.get("LOG_FORMAT")
        for handler in self.error_log.handlers:
            handler.setFormatter(Formatter("line" if style == "line" else "json"))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """No query, no user agent, no referrer: each may hold the token of a link."""
        # Gunicorn's own refusals have no code, and an application that broke not even a status.
        status = int((resp.status or "500").split()[0])
        if req.path.startswith("/health/") and status == 200:
            return
        facts = {
            "method": req.method,
            "path": req.path,
            "status": status,
            "bytes": resp.sent,
            "milliseconds": round(request_time.total_seconds() * 1_000, 1),
        }
        self.access_log.info("request", extra=facts)


def number(name: str, default: int, *, at_most: int = 65_535) -> int:
    """What the environment says, or the default; ends the program if it is no number from 1 on.

    Gunicorn would take 0, and serve nobody.
    """
    text = os.environ.get(name) or str(default)
    if not (text.isdecimal() and len(text) < 6 and 1 <= int(text) <= at_most):
        sys.exit(f"{name} must be a whole number from 1 to {at_most}.")
    return int(text)


DRAINED_BYTES = 65_536

logger_class = Logger

# No multiple of the CPUs: a process in a container sees those of the machine, not its share.
workers = number("WEB_CONCURRENCY", 2)
# Gunicorn itself would take an empty PORT for one.
_PORT = number("PORT", 8000)
bind = f"0.0.0.0:{_PORT}" if os.environ.get("PORT") else f"127.0.0.1:{_PORT}"
worker_class = "gthread"
threads = number("WEB_THREADS", 4)

# Longer than proxies keep an idle connection (Caddy 120, nginx and AWS 60), else one of them sends
# a request into a connection that we are closing. An idle connection holds no thread.
keepalive = 130
# A worker that is told to stop finishes what it has begun; what stops gunicorn must wait longer.
graceful_timeout = 30
# What a library leaks goes with its worker; not with all of them at once. To start one costs as
# much as a thousand requests.
max_requests = 50_000
max_requests_jitter = 5_000

# A worker shows that it lives by touching a file, which takes too long on a disk that is busy.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  gunicorn makes a file of its own name in it
worker_tmp_dir = str(_IN_MEMORY) if _IN_MEMORY.is_dir() else None
# A process that may write to that socket controls the server.
control_socket_disable = True

# No header, from any sender, says where we are or who asks: SCRIPT_NAME and PATH_INFO would change
# the path that proxies have judged. Django believes X-Forwarded-Proto and X-Forwarded-For by
# TRUSTED_PROXY_COUNT. A Unix socket is trusted without being listed, so nothing is left to set.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def pre_request(_: object, req: Any) -> None:
    """Gunicorn's hook for a request whose body is still to come.

    Gunicorn reads what an answer has left of a body, but no more than ``DRAINED_BYTES``; then it
    closes the connection. The answer has to say so, or the client sends its next request into it.
    """
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    if "TRANSFER-ENCODING" in headers or int(length) >= DRAINED_BYTES:
        req.force_close()


def post_worker_init(_: object) -> None:
    """Gunicorn's hook for a worker that has loaded the project, and serves nobody yet.

    What is loaded stays, and is no garbage: to look through all of it would stop every thread of
    the worker for 50 ms and more, again and again.
    """
    gc.collect()
    gc.freeze()
