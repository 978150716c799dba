"""``make run``: starts servers, database, demo accounts, worker and web server.

They end with this process: on Ctrl-C, when the terminal closes, and when it is killed.
"""

import http.client
import json
import os
import signal
import sys
import threading
import time
from contextlib import closing, suppress
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from config.env import BASE_DIR, env
from devtools import claim, ports, services
from devtools.errors import DevtoolsError
from devtools.services import Servers
from devtools.supervisor import Supervisor, say
from devtools.welcome import welcome

COMMAND = "make run"
FOLDER = BASE_DIR / services.FOLDER
START_SECONDS = 60.0

_NOT_DEVELOPMENT = """\
This starts the development server, and DEBUG is not True.
  - To develop: set DEBUG=True in .env. If you have none, copy .env.example to .env, and give its
    secrets one value each: python3 -c 'import secrets; print(secrets.token_urlsafe(64))'
  - To serve the public: see README.md."""
_ADVICE = "Fix that and start again."
_OWN_DATABASE_ADVICE = f"{_ADVICE} Is the server of your DATABASE_URL running?"


def main() -> int:
    """Returns the exit code. A signal raises ``SystemExit`` with one."""
    _handle_signals()
    threading.Thread(target=_stop_after, args=(os.getppid(),), daemon=True).start()
    try:
        if not env.boolean("DEBUG", False):
            raise DevtoolsError(_NOT_DEVELOPMENT)
        run()
    except DevtoolsError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1


def run() -> NoReturn:
    say(_what_starts())
    with services.durable(BASE_DIR, COMMAND) as servers, ports.reserved(_port()) as port:
        try:
            serve(servers, port)
        finally:
            say("\nStopping.")


def serve(servers: Servers, port: int) -> NoReturn:
    address = f"http://{ports.NAME}:{port}"
    supervisor = _supervisor(servers, address)
    say("Starting the web server and bringing the database up to date.")
    # In parallel: each needs a second or two to load the project.
    web = supervisor.serve("web", "-m", "devtools.runserver", f"{ports.HOST}:{port}")
    passwords = _prepare_database(supervisor, embedded="DATABASE_URL" in servers.urls)
    web.wait_until(lambda: _serves(port), seconds=START_SECONDS)
    message = _welcome(address, _home(port), passwords)
    supervisor.hide_output_so_far()
    claim.publish(FOLDER, claim.Owner(os.getpid(), COMMAND, servers.urls, address))
    say(message)
    # feature: social_login
    from devtools import demo_id

    demo_id.start(supervisor)
    # end feature
    # Last, so that it does not delay the first response.
    _start_worker(supervisor)
    supervisor.watch()


def _supervisor(servers: Servers, address: str) -> Supervisor:
    variables = {
        **servers.urls,
        "PUBLIC_URL": env.text("PUBLIC_URL", address),
        "DJANGO_RUNSERVER_HIDE_WARNING": "true",
    }
    # feature: social_login
    from devtools import demo_id

    variables |= demo_id.settings()
    # end feature
    return Supervisor(servers.children, project=BASE_DIR, logs=FOLDER, environment=variables)


def _what_starts() -> str:
    names = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Valkey"}
    started = " and ".join(names[variable] for variable in services.missing())
    return f"Starting {started}." if started else "Using the servers of DATABASE_URL and REDIS_URL."


def _port() -> int:
    wanted = env.integer("PORT", 0, at_least=1)
    if problem := env.problems.get("PORT"):
        raise DevtoolsError(problem)
    return wanted


def _prepare_database(supervisor: Supervisor, *, embedded: bool) -> dict[str, str | None]:
    """Returns the passwords of the demo accounts. Only an embedded database gets them."""
    if not embedded:
        supervisor.manage("migrate", "--no-input", advice=_OWN_DATABASE_ADVICE)
        return {}
    printed = supervisor.manage("demo_accounts", "--migrate", "--json", advice=_ADVICE)
    # The command also prints migrations and warnings.
    answer = next(line for line in printed.splitlines() if line.startswith("{"))
    passwords: dict[str, str | None] = json.loads(answer)
    return passwords


def _welcome(address: str, home: str, passwords: dict[str, str | None]) -> str:
    docs, admin = _path("API_URL", "api/") + "docs/", _path("ADMIN_URL", "admin/")
    mailbox = [] if env.text("EMAIL_URL") else ["/mailbox/"]
    return welcome(
        address,
        home=home or docs,
        others=[docs, *mailbox, admin],
        passwords=passwords,
        folder=services.FOLDER,
    )


def _path(variable: str, default: str) -> str:
    return f"/{env.text(variable, default).strip('/')}/"


def _home(port: int) -> str:
    """The path that ``/`` leads to; "" if there is no such page."""
    response = _ask(port, "/")
    if response is None or response.status >= http.HTTPStatus.BAD_REQUEST:
        return ""
    return urlsplit(response.headers.get("Location", "/")).path


def _start_worker(supervisor: Supervisor) -> None:
    schedule = FOLDER / "celerybeat-schedule"
    supervisor.keep_alive(
        "worker",
        # Without it, the worker waits a second for other workers.
        *("-m", "celery", "--quiet", "-A", "config", "worker", "--without-mingle"),
        *("--beat", "--schedule", str(schedule), "--concurrency", "2", "--loglevel", "INFO"),
    )


def _serves(port: int) -> bool:
    response = _ask(port, "/health/live")
    return response is not None and response.status == http.HTTPStatus.OK


def _ask(port: int, path: str) -> http.client.HTTPResponse | None:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=2)
    with suppress(OSError, http.client.HTTPException), closing(connection):
        connection.request("GET", path, headers={"Host": f"{ports.NAME}:{port}"})
        response = connection.getresponse()
        # Otherwise the server logs a broken pipe.
        response.read()
        return response
    return None


def _handle_signals() -> None:
    # A background process of a script ignores SIGINT. `nohup` ignores SIGHUP on purpose.
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _stop)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    # A second Ctrl-C would interrupt the shutdown.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _stop_after(parent: int) -> None:
    """Stops this process when its parent ends, such as ``make``."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
