"""How many of 300 requests at once pass a limit of ten.

With our throttle and with Django REST framework's own, which keeps its list in the same Redis.
Gunicorn has two worker processes with four threads each; ten rounds.
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
    """Returns the exit code: 1 where ours let another number pass."""
    passed = [_round() for _ in range(ROUNDS)]
    _say(f"{AT_ONCE} requests at once, a limit of {LIMIT}, {ROUNDS} rounds. Passed in each:")
    for name in ("ours", "theirs"):
        _say(f"{name:<8}{' '.join(f'{each[name]:>4}' for each in passed)}")
    return 0 if all(each["ours"] == LIMIT for each in passed) else 1


def _round() -> Counter[str]:
    """With servers of its own, so that nothing is left of the round before."""
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
