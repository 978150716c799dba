"""Gunicorn's settings: ``gunicorn --config config/gunicorn.conf.py config.wsgi``.

``WEB_CONCURRENCY``, ``WEB_THREADS`` and ``PORT`` come from the environment, not from ``.env``.
Times are in seconds.
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
    """Uses the project's log format, also in the master process, which never loads Django.

    It does not read the settings: new workers would inherit them from the master after a reload.
    """

    def setup(self, cfg: object) -> None:
        # Not ``super()``: mypy's ``untyped_calls_exclude`` goes by names.
        glogging.Logger.setup(self, cfg)
        style = os.environ.get("LOG_FORMAT")
        for handler in self.error_log.handlers:
            handler.setFormatter(Formatter("line" if style == "line" else "json"))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Omits query, user agent and referrer: each may contain the token of a link."""
        # After an error of the application, there is no status.
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
    """A variable from 1 to ``at_most``. Exits for other values: gunicorn would accept 0."""
    text = os.environ.get(name) or str(default)
    if not (text.isdecimal() and len(text) < 6 and 1 <= int(text) <= at_most):
        sys.exit(f"{name} must be a whole number from 1 to {at_most}.")
    return int(text)


DRAINED_BYTES = 65_536

logger_class = Logger

# Not a multiple of the CPUs: in a container, a process sees all CPUs of the machine.
workers = number("WEB_CONCURRENCY", 2)
# Gunicorn would use an empty PORT.
_PORT = number("PORT", 8000)
bind = f"0.0.0.0:{_PORT}" if os.environ.get("PORT") else f"127.0.0.1:{_PORT}"
worker_class = "gthread"
threads = number("WEB_THREADS", 4)

# Longer than proxies keep an idle connection (Caddy 120, nginx and AWS 60). Otherwise a proxy may
# send a request while gunicorn closes the connection. An idle connection needs no thread.
keepalive = 130
# A stopping worker finishes its requests. The process manager must wait longer.
graceful_timeout = 30
# A new worker frees the memory that libraries leak. It costs as much as a thousand requests.
max_requests = 50_000
max_requests_jitter = 5_000

# The heartbeat of a worker is a file, which is too slow on a busy disk.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  gunicorn creates a file with a random name
worker_tmp_dir = str(_IN_MEMORY) if _IN_MEMORY.is_dir() else None
# Each process that can write to this socket controls the server.
control_socket_disable = True

# Gunicorn trusts no header: SCRIPT_NAME and PATH_INFO would change the path that proxies have
# checked. Django trusts X-Forwarded-Proto and X-Forwarded-For by TRUSTED_PROXY_COUNT. All three are
# empty because gunicorn always trusts a Unix socket.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def pre_request(_: object, req: Any) -> None:
    """Gunicorn's hook before it reads a body.

    Gunicorn drains at most ``DRAINED_BYTES`` of an unread body, then closes the connection. The
    response must announce that: otherwise the client sends its next request into it.
    """
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    if "TRANSFER-ENCODING" in headers or int(length) >= DRAINED_BYTES:
        req.force_close()


def post_worker_init(_: object) -> None:
    """Gunicorn's hook after a worker has loaded the project.

    Loaded modules are no garbage: each full collection would stop all threads for 50 ms or more.
    """
    gc.collect()
    gc.freeze()
