"""Configuration of gunicorn: ``gunicorn --config config/gunicorn.conf.py config.wsgi``.

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
    """Logs in the format of the project, also before Django is loaded and in the master process.

    It does not read Django's settings: the workers of a reload would inherit the old ones.
    """

    def setup(self, cfg: object) -> None:
        # mypy does not allow ``super()`` of an untyped class.
        glogging.Logger.setup(self, cfg)
        style = os.environ.get("LOG_FORMAT")
        for handler in self.error_log.handlers:
            handler.setFormatter(Formatter("line" if style == "line" else "json"))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Without query, user agent and referrer: each may contain a link token."""
        # A response may have no status: the application failed.
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
    """Reads a variable, and exits if it is not a whole number of at least 1.

    Gunicorn would accept 0 and serve no request.
    """
    text = os.environ.get(name) or str(default)
    if not (text.isdecimal() and len(text) < 6 and 1 <= int(text) <= at_most):
        sys.exit(f"{name} must be a whole number from 1 to {at_most}.")
    return int(text)


DRAINED_BYTES = 65_536

logger_class = Logger

# Not a multiple of the CPUs: in a container, a process sees all CPUs of the machine.
workers = number("WEB_CONCURRENCY", 2)
# Gunicorn itself does not ignore an empty PORT.
_PORT = number("PORT", 8000)
bind = f"0.0.0.0:{_PORT}" if os.environ.get("PORT") else f"127.0.0.1:{_PORT}"
worker_class = "gthread"
threads = number("WEB_THREADS", 4)

# Longer than proxies keep an idle connection (Caddy 120, nginx and AWS 60): otherwise a proxy sends
# a request into a connection that is being closed. An idle connection uses no thread.
keepalive = 130
# A stopping worker finishes its requests. A service manager must wait longer.
graceful_timeout = 30
# Restarts workers, not all at once, against memory leaks of libraries. A restart costs as much as a
# thousand requests.
max_requests = 50_000
max_requests_jitter = 5_000

# A worker touches a file as its heartbeat, which takes too long on a busy disk.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108  gunicorn makes its own file in it
worker_tmp_dir = str(_IN_MEMORY) if _IN_MEMORY.is_dir() else None
# A process that may write to that socket controls the server.
control_socket_disable = True

# Gunicorn trusts no header: SCRIPT_NAME and PATH_INFO would change the path that a proxy has
# checked. Django reads X-Forwarded-Proto and X-Forwarded-For according to TRUSTED_PROXY_COUNT.
# Gunicorn always trusts a Unix socket, so the lists of headers are empty as well.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}


def pre_request(_: object, req: Any) -> None:
    """Gunicorn's hook before it handles a request.

    After a response, gunicorn reads at most ``DRAINED_BYTES`` of an unread body, then closes the
    connection. The response has to say so, or the client sends its next request into it.
    """
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    if "TRANSFER-ENCODING" in headers or int(length) >= DRAINED_BYTES:
        req.force_close()


def post_worker_init(_: object) -> None:
    """Gunicorn's hook after a worker has loaded the project.

    The garbage collector skips frozen objects. Otherwise it would traverse the loaded code again
    and again, and stop every thread for 50 ms and more.
    """
    gc.collect()
    gc.freeze()
