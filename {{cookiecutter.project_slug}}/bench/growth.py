"""Whether a refresh and a login cost more with many rows, and whether a purge slows a refresh."""

import json
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.utils import timezone

from accounts.models import Session, User
from accounts.services.client import Client
from accounts.services.credentials import Credentials
from accounts.services.passwords import verification
from accounts.services.sessions import rotation, store, tokens
from bench import load, people
from bench.catalogue import LOGIN_WITHOUT_HASH, NOTHING, PASSWORD, REFRESH, WITHOUT_HASH
from bench.load import Load, Operation, Person, Until
from bench.plans import explained
from bench.report import Rows, Table, medians, say
from bench.site import Meter, Served, Site
from devtools import postgres

# The cost of NOTHING shows what else the machine does.
OPERATIONS = (REFRESH, LOGIN_WITHOUT_HASH, replace(NOTHING, settings=WITHOUT_HASH))
ROUNDS = 5
GROUP = "person"
FEW = 1_000
"""Users in the small database; a tenth of all users if there are fewer than 10,000."""
CLIENTS = 20_000
"""Users who send requests in turn. Most send one, so that its row was not read recently."""
SLOW = 100
"""Milliseconds. Slower responses are counted."""
EXPIRED = 5
"""Every fifth session expires before the purge."""

# Runs in a separate process, like a worker.
_PURGE = """
import json, time
import django
django.setup()
from django.utils import timezone
from accounts.services.sessions import purge
begun = time.monotonic()
rows = purge.purge(now=timezone.now())
print(json.dumps({"rows": rows, "seconds": time.monotonic() - begun}))
"""


@dataclass(frozen=True)
class Population:
    """One database, its web server, and some of its users as clients, for each operation."""

    sessions: int
    web: Served
    clients: dict[str, list[Person]]


def measure(site: Site, options: Namespace) -> list[Table]:
    growth = Growth(site, options)
    return [
        Table("What a request costs with few rows and with many", growth.costs()),
        Table("How PostgreSQL finds its rows", growth.plans()),
        Table("Updates of sessions", growth.updates()),
        Table("Refreshes while expired sessions are purged", growth.purge()),
    ]


class Growth:
    """Measures few and many rows side by side, so that other load affects both equally."""

    def __init__(self, site: Site, options: Namespace) -> None:
        self._site, self._options = site, options
        self._users = self._sessions = 0
        cheap = MD5PasswordHasher()
        self._hash = cheap.encode(PASSWORD, cheap.salt())
        self._fill(min(FEW, max(options.users // 10, 1)))
        site.copy_database("few")
        self._few = self._serve("few")
        self._fill(options.users)
        self._many = self._serve(postgres.DATABASE)

    def _fill(self, users: int) -> None:
        """Fills the database up to this number of users, with sessions in proportion."""
        live = self._options.sessions * users // self._options.users
        say(f"{users:,} users with {live:,} sessions …")
        people.fill(
            group=GROUP,
            password_hash=self._hash,
            users=range(self._users, users),
            live=range(self._sessions, live),
        )
        self._users, self._sessions = users, live
        _tidy()

    def _serve(self, database: str) -> Population:
        """Serves the database with its current rows."""
        options = self._options
        web = self._site.serve(
            WITHOUT_HASH, workers=options.workers, threads=options.threads, database=database
        )
        return Population(self._sessions, web, _clients())

    def costs(self) -> Rows:
        for population in (self._few, self._many):
            self._run(REFRESH, population, load.lasting(self._options.seconds / ROUNDS))
        rounds = [self._round(number) for number in range(ROUNDS)]
        rows = {name: medians([figures[name] for figures in rounds]) for name in rounds[0]}
        ratios = {
            f"{each.name}, ratio": _ratios(rows[f"{each.name}, few"], rows[f"{each.name}, many"])
            for each in OPERATIONS
        }
        return rows | ratios

    def _round(self, number: int) -> Rows:
        """Measures all operations once. Few and many rows take turns to go first."""
        say(f"Round {number + 1} of {ROUNDS} …")
        sides = [("few", self._few), ("many", self._many)][:: -1 if number % 2 else 1]
        return {
            f"{each.name}, {name}": self._measure(each, population)
            for each in OPERATIONS
            for name, population in sides
        }

    def _measure(self, operation: Operation, population: Population) -> dict[str, float]:
        meter = Meter(web=population.web.process, PostgreSQL=self._site.postgres)
        busy = self._run(operation, population, load.lasting(self._options.seconds / ROUNDS))
        used = meter.milliseconds()
        costs = {f"{name} CPU ms": spent / len(busy.waits) for name, spent in used.items()}
        return {"rows": population.sessions, **costs, "p50 ms": busy.percentile(50)}

    def plans(self) -> Rows:
        """Counts the scans of the statements of a refresh and a login."""
        [person] = people.sample(GROUP, 1)
        now, client = timezone.now(), Client(None, "")
        with explained() as of_refresh:
            rotation.rotate(token=tokens.read_refresh(person.refresh), client=client, now=now)
        with explained() as of_login:
            if user := verification.find_user(person.email):
                credentials = Credentials.of(user, methods=["pwd"])
                store.open_session(credentials=credentials, client=client, now=now)
        return {REFRESH.name: _kinds(of_refresh), LOGIN_WITHOUT_HASH.name: _kinds(of_login)}

    def updates(self) -> Rows:
        """Reads from PostgreSQL how many refreshes there were (a second late), and how many HOT."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s",
                [Session._meta.db_table],
            )
            all_of_them, in_place = cursor.fetchone()
        share = 100 * in_place / all_of_them if all_of_them else 0.0
        return {"refreshes": {"counted": all_of_them, "in place (HOT) %": share}}

    def purge(self) -> Rows:
        """Refreshes while expired sessions are purged, and then as long without a purge."""
        _expire_some(self._sessions)
        population = replace(self._many, clients=_clients())
        purging = self._site.python("purge", "-c", _PURGE)
        during = self._run(REFRESH, population, lambda: purging.ended)
        if self._site.children.wait(purging):
            raise purging.failed(purging.outcome)
        _tidy()
        without = self._run(REFRESH, population, load.lasting(during.seconds))
        return {
            "the purge": json.loads(purging.log.read_text()),
            "refreshes during it": _waits(during),
            "refreshes without it": _waits(without),
        }

    def _run(self, operation: Operation, population: Population, until: Until) -> Load:
        connections, clients = self._options.connections, population.clients[operation.name]
        done = load.run(
            population.web.port, operation, clients, connections=connections, until=until
        )
        # The next run continues with the next client.
        asked = len(done.waits) % len(clients)
        clients[:] = clients[asked:] + clients[:asked]
        return done


def _clients() -> dict[str, list[Person]]:
    """Copies the clients for each operation: a refresh replaces the tokens of its own copy only."""
    drawn = people.sample(GROUP, CLIENTS)
    return {operation.name: [replace(person) for person in drawn] for operation in OPERATIONS}


def _expire_some(amount: int) -> None:
    say("Letting sessions expire …")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Session._meta.db_table} SET expires_at = now() - interval '1 day' "  # noqa: S608
            f"FROM generate_series(0, %(last)s, {EXPIRED}) AS n WHERE id = {people.SESSION_ID}",
            {"group": GROUP, "last": amount - 1},
        )
    _tidy()


def _tidy() -> None:
    """Vacuums now, so that autovacuum does not run during the measurement."""
    with connection.cursor() as cursor:
        for model in (User, Session):
            cursor.execute(f"VACUUM (ANALYZE) {model._meta.db_table}")


def _ratios(few: dict[str, float], many: dict[str, float]) -> dict[str, float]:
    return {name: many[name] / few[name] for name in few if few[name]}


def _kinds(scans: Iterable[str]) -> dict[str, float]:
    kinds = list(scans)
    by_index = sum("Index" in kind for kind in kinds)
    return {"index scans": by_index, "other scans": len(kinds) - by_index}


def _waits(answers: Load) -> dict[str, float]:
    return {
        "answers": len(answers.waits),
        "p50 ms": answers.percentile(50),
        "p99 ms": answers.percentile(99),
        "slowest ms": answers.percentile(100),
        f"over {SLOW} ms": sum(wait > SLOW for wait in answers.waits),
    }
