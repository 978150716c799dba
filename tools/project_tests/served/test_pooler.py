"""Requests at once through a real PgBouncer in transaction mode."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools import places
from devtools.places import Place
from devtools.processes import Children
from devtools.system_user import give
from project_tests.served.site import Site
from tests.waiting import until

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
PORT = 6432

CONFIGURATION = """
[databases]
app = host={sockets} port=5432 dbname=app user=postgres

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {sockets}
auth_type = any
pool_mode = transaction
# Fewer than the threads of web, so that each transaction may have another connection.
default_pool_size = 2
ignore_startup_parameters = options
"""

pytestmark = pytest.mark.skipif(not PGBOUNCER, reason="PgBouncer is not installed")


def start_pooler(children: Children, place: Place) -> str:
    """Returns the URL of the database behind it."""
    file = Path(place.sockets) / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(sockets=place.sockets, port=PORT))
    give(file, place.user)
    children.start("PgBouncer", [str(PGBOUNCER), file], log=place.log("pgbouncer"), user=place.user)
    socket = place.sockets / f".s.PGSQL.{PORT}"
    until(socket.exists)
    return f"postgres://app@/app?host={place.sockets}&port={PORT}"


@pytest.fixture(scope="module")
def pooled() -> Iterator[Site]:
    place = places.throwaway()
    with Children(remove=place.sockets) as children:
        url = start_pooler(children, place)
        yield Site(children, place, DATABASE_URL=url, DATABASE_POOLER="transaction")


def test_no_request_fails_behind_a_pooler(pooled: Site) -> None:
    access = pooled.sign_in().json()["access"]
    requests = [pooled.sign_in, *[lambda: pooled.profile(access)] * 5]
    with pooled.load(*requests) as answers:
        until(lambda: len(answers) > 300)

    assert Counter(answer.status for answer in answers).keys() == {200}


ITERATE = """
import django
django.setup()
from accounts.models import User
from tests.people import make_user
make_user(email="grace@example.test")
for _ in range(100):
    assert len(list(User.objects.iterator(chunk_size=1))) == 2
"""


def test_rows_are_gone_through_behind_a_pooler(pooled: Site) -> None:
    access = pooled.sign_in().json()["access"]

    with pooled.load(*[lambda: pooled.profile(access)] * 4):
        pooled.run(ITERATE)
