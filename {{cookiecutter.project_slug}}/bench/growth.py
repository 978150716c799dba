"""Whether a refresh and a sign-in cost more with many rows, and what purging does to a refresh."""

import json
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace

from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.utils import timezone

from accounts import passwords, sessions, tokens
from accounts.client import Client
from accounts.models import Session, User
from accounts.proof import Proof
from bench import load, people, statements
from bench.catalogue import LOGIN_WITHOUT_HASH, NOTHING, PASSWORD, REFRESH, WITHOUT_HASH
from bench.load import Load, Operation, Person, Until
from bench.report import Rows, Table, medians, say
from bench.site import Meter, Served, Site

# What nothing costs tells what else the machine did meanwhile.
OPERATIONS = (REFRESH, LOGIN_WITHOUT_HASH, replace(NOTHING, settings=WITHOUT_HASH))
ROUNDS = 3
GROUP = "person"
FEW = 1_000
"""People to begin with; with fewer to come, a tenth of those."""
CLIENTS = 5_000
"""People who ask in turn, so that one row after the other is read from anywhere in the table."""
SLOW = 100
"""Milliseconds that an answer should not take because of a purge."""
EXPIRED = 5
"""One in so many sessions expires before the purge."""

# In a process of its own, as the worker's.
_PURGE = """
import json, time
import django
django.setup()
from django.utils import timezone
from accounts import sessions
begun = time.monotonic()
rows = sessions.purge(now=timezone.now())
print(json.dumps({"rows": rows, "seconds": time.monotonic() - begun}))
"""


def measure(site: Site, options: Namespace) -> list[Table]:
    growth = Growth(site, options)
    few = growth.with_rows(min(FEW, max(options.users // 10, 1)), "few")
    many = growth.with_rows(options.users, "many")
    ratios = {
        f"{name}, ratio": _ratios(few[f"{name}, few"], many[f"{name}, many"])
        for name in (operation.name for operation in OPERATIONS)
    }
    return [
        Table("What a request costs with few rows and with many", few | many | ratios),
        Table("How PostgreSQL finds its rows", growth.plans()),
        Table("Updates of sessions", growth.updates()),
        Table("Refreshes while expired sessions are purged", growth.purge()),
    ]


class Growth:
    def __init__(self, site: Site, options: Namespace) -> None:
        self._site, self._options = site, options
        self._users = self._sessions = 0
        cheap = MD5PasswordHasher()
        self._hash = cheap.encode(PASSWORD, cheap.salt())
        self._web: Served = site.serve(
            WITHOUT_HASH, workers=options.workers, threads=options.threads
        )

    def with_rows(self, users: int, name: str) -> Rows:
        """Fills up to so many people, with sessions in proportion, and measures."""
        self._fill(users, self._options.sessions * users // self._options.users)
        clients = people.sample(GROUP, CLIENTS)
        self._run(REFRESH, clients, load.lasting(self._options.seconds / 5))
        rounds = [{each: self._measure(each) for each in OPERATIONS} for _ in range(ROUNDS)]
        return {
            f"{each.name}, {name}": medians([figures[each] for figures in rounds])
            for each in OPERATIONS
        }

    def _fill(self, users: int, live: int) -> None:
        say(f"{users:,} people with {live:,} sessions …")
        people.fill(
            group=GROUP,
            password_hash=self._hash,
            users=range(self._users, users),
            live=range(self._sessions, live),
        )
        self._users, self._sessions = users, live
        _tidy()

    def _measure(self, operation: Operation) -> dict[str, float]:
        clients = people.sample(GROUP, CLIENTS)
        meter = Meter(web=self._web.process, PostgreSQL=self._site.postgres)
        busy = self._run(operation, clients, load.lasting(self._options.seconds / ROUNDS))
        used = meter.milliseconds()
        costs = {f"{name} CPU ms": spent / len(busy.waits) for name, spent in used.items()}
        return {"rows": self._sessions, **costs, "p50 ms": busy.percentile(50)}

    def plans(self) -> Rows:
        """The scans of a refresh's statement and of a sign-in's."""
        [person] = people.sample(GROUP, 1)
        now, client = timezone.now(), Client(None, "")
        with statements.explained() as of_refresh:
            sessions.rotate(claims=tokens.read_refresh(person.refresh), client=client, now=now)
        with statements.explained() as of_login:
            if user := passwords.find(person.email):
                sessions.open_session(proof=Proof.of(user), client=client, now=now)
        return {REFRESH.name: _kinds(of_refresh), LOGIN_WITHOUT_HASH.name: _kinds(of_login)}

    def updates(self) -> Rows:
        """Of all refreshes that PostgreSQL has counted so far; it is a second late or so."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = %s",
                [Session._meta.db_table],
            )
            all_of_them, in_place = cursor.fetchone()
        share = 100 * in_place / all_of_them if all_of_them else 0.0
        return {"refreshes": {"counted": all_of_them, "in place (HOT) %": share}}

    def purge(self) -> Rows:
        """Lets sessions expire, and refreshes while they are purged, and then for as long again."""
        _expire_some(self._sessions)
        clients = people.sample(GROUP, CLIENTS)
        purging = self._site.python("purge", "-c", _PURGE)
        during = self._run(REFRESH, clients, lambda: purging.ended)
        if self._site.children.wait(purging):
            raise purging.failed(purging.outcome)
        _tidy()
        # As long, for there are slow moments without a purge as well.
        without = self._run(REFRESH, clients, load.lasting(during.seconds))
        return {
            "the purge": json.loads(purging.log.read_text()),
            "refreshes during it": _waits(during),
            "refreshes without it": _waits(without),
        }

    def _run(self, operation: Operation, clients: list[Person], until: Until) -> Load:
        connections = self._options.connections
        return load.run(self._web.port, operation, clients, connections=connections, until=until)


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
    """As autovacuum does, before it is measured and not while."""
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
