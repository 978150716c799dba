"""A limit is exact over the processes of gunicorn."""

import os
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from devtools import gunicorn
from devtools.ports import HOST
from devtools.processes import Children
from tests.limits import Rates, redis_of_this_process
from tests.races.concurrency import at_once

AT_ONCE = 300


def test_of_three_hundred_requests_at_once_exactly_ten_pass(rates: Rates, tmp_path: Path) -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "devtools.production_settings",
        "REDIS_URL": redis_of_this_process(),
        "THROTTLE_RATES": "refresh=10/min,anon=off",
    }
    with Children() as children:
        web = gunicorn.start(
            children,
            *("--workers=2", "--threads=4"),
            log=tmp_path / "gunicorn.log",
            environment=environment,
        )
        statuses = at_once(AT_ONCE, lambda _: refresh(web.port))

    # Without a token it is refused, but not by the limit.
    assert Counter(statuses) == {401: 10, 429: AT_ONCE - 10}


def refresh(port: int) -> int:
    with closing(HTTPConnection(HOST, port, timeout=60)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/auth/refresh/", b"{}", headers)
        return connection.getresponse().status
