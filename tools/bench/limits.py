"""How many of 300 concurrent requests pass a limit of ten.

Compares the project's throttle with that of Django REST framework, in the same Redis, with two
processes of four threads, in ten rounds.
"""

import http.client
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from devtools import gunicorn, places, valkey
from devtools.ports import HOST
from devtools.processes import Children

AT_ONCE, LIMIT, ROUNDS = 300, 10, 10
_SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "bench.settings_limits",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing",
    "LOG_LEVEL": "ERROR",
    "THROTTLE_RATES": f"anon={LIMIT}/min",
}


def main() -> int:
    """Returns the exit code: 1 if the project's throttle let another number pass."""
    passed = [_round() for _ in range(ROUNDS)]
    _say(f"{AT_ONCE} concurrent requests, a limit of {LIMIT}, {ROUNDS} rounds. Passed in each:")
    for name in ("ours", "theirs"):
        _say(f"{name:<8}{' '.join(f'{each[name]:>4}' for each in passed)}")
    return 0 if all(each["ours"] == LIMIT for each in passed) else 1


def _round() -> Counter[str]:
    """Runs one round with new servers, so that no counts are left of the previous one."""
    place = places.throwaway()
    with Children(remove=place.sockets) as children:
        web = gunicorn.start(
            children,
            *("--workers=2", "--threads=4"),
            log=Path(place.log("gunicorn")),
            environment=os.environ
            | gunicorn.ENVIRONMENT
            | _SETTINGS
            | {"REDIS_URL": valkey.start(children, place)},
        )
        return Counter({name: _passing(web.port, name) for name in ("ours", "theirs")})


def _passing(port: int, name: str) -> int:
    def ask(_: int) -> int:
        with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
            connection.request("GET", f"/{name}")
            return connection.getresponse().status

    with ThreadPoolExecutor(AT_ONCE) as clients:
        return list(clients.map(ask, range(AT_ONCE))).count(http.HTTPStatus.OK)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
