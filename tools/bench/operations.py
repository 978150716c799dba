"""The cost of a request, for each operation of ``bench.catalogue``."""

from argparse import Namespace
from contextlib import closing

from django.contrib.auth.hashers import MD5PasswordHasher, make_password

from bench import load, people, statements
from bench.catalogue import OPERATIONS, PASSWORD, WITHOUT_HASH
from bench.load import Operation, Person
from bench.report import Table, medians, say
from bench.site import Meter, Served, Site

COUNTED = 10
"""Requests whose statements are counted."""

Figures = dict[str, float]


def measure(site: Site, options: Namespace) -> list[Table]:
    everybody = fill(options.connections)
    webs = {
        settings: site.serve(settings, workers=options.workers, threads=options.threads)
        for settings in dict.fromkeys(operation.settings for operation in OPERATIONS)
    }
    served = webs["bench.settings"]
    start = {"first answer s": served.started, "memory of a worker MB": served.memory}
    bench = Bench(site, webs, everybody, options)
    counts = {operation.name: bench.count(operation) for operation in OPERATIONS}
    rounds = [bench.round(number) for number in range(options.rounds)]
    figures = {name: counts[name] | medians([each[name] for each in rounds]) for name in counts}
    start["after the load MB"] = served.memory
    return [Table("What a request costs", figures), Table("Gunicorn", {"gunicorn": start})]


def fill(amount: int) -> dict[str, list[Person]]:
    """Creates this number of users for each operation, so that operations do not share rows."""
    cheap = MD5PasswordHasher()
    good_hash, cheap_hash = make_password(PASSWORD), cheap.encode(PASSWORD, cheap.salt())
    everybody = {}
    for number, operation in enumerate(OPERATIONS):
        people.fill(
            group=f"person{number}",
            password_hash=cheap_hash if operation.settings == WITHOUT_HASH else good_hash,
            users=range(amount),
            live=range(amount),
        )
        everybody[operation.name] = people.sample(f"person{number}", amount)
    return everybody


class Bench:
    def __init__(
        self,
        site: Site,
        webs: dict[str, Served],
        everybody: dict[str, list[Person]],
        options: Namespace,
    ) -> None:
        self._site, self._webs, self._everybody, self._options = site, webs, everybody, options

    def count(self, operation: Operation) -> Figures:
        """Counts the statements of one request, and those that begin a transaction (medians)."""
        self._run(operation, self._options.seconds / 10)
        person, log = self._people(operation)[0], self._site.place.log("postgres")
        counts: list[Figures] = []
        with (
            closing(load.connect(self._webs[operation.settings].port)) as connection,
            statements.logged(log) as asked,
        ):
            for _ in range(COUNTED):
                before = len(asked())
                operation.ask(connection, person)
                words = asked()[before:]
                counts.append({"SQL": len(words), "BEGIN": words.count("BEGIN")})
        # The median ignores statements that a thread executes only once.
        return medians(counts)

    def round(self, number: int) -> dict[str, Figures]:
        """Measures all operations in turn, so that other load affects each of them."""
        say(f"Round {number + 1} of {self._options.rounds} …")
        return {operation.name: self._measure(operation) for operation in OPERATIONS}

    def _measure(self, operation: Operation) -> Figures:
        seconds = self._options.seconds
        web = self._webs[operation.settings].process
        meter = Meter(web=web, PostgreSQL=self._site.postgres, Valkey=self._site.valkey)
        busy = self._run(operation, seconds)
        used = meter.milliseconds()
        alone = self._run(operation, seconds / 3, connections=1)
        return {
            **{f"{name} CPU ms": spent / len(busy.waits) for name, spent in used.items()},
            "requests/s": busy.per_second,
            "p50 ms": busy.percentile(50),
            "p99 ms": busy.percentile(99),
            "alone ms": alone.percentile(50),
        }

    def _run(self, operation: Operation, seconds: float, connections: int = 0) -> load.Load:
        return load.run(
            self._webs[operation.settings].port,
            operation,
            self._people(operation),
            connections=connections or self._options.connections,
            until=load.lasting(seconds),
        )

    def _people(self, operation: Operation) -> list[Person]:
        return self._everybody[operation.name]
