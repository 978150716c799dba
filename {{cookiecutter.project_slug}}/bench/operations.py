"""What a request costs, for each operation of ``bench.catalogue``."""

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
    everybody = _fill(options.connections)
    webs = {
        settings: site.serve(settings, workers=options.workers, threads=options.threads)
        for settings in dict.fromkeys(operation.settings for operation in OPERATIONS)
    }
    bench = Bench(site, webs, everybody, options)
    counts = {operation.name: bench.count(operation) for operation in OPERATIONS}
    rounds = [bench.round(number) for number in range(options.rounds)]
    figures = {name: counts[name] | medians([each[name] for each in rounds]) for name in counts}
    served = webs["bench.settings"]
    start = {"first answer s": served.started, "memory of a worker MB": served.memory}
    return [Table("What a request costs", figures), Table("Gunicorn", {"gunicorn": start})]


def _fill(amount: int) -> dict[str, list[Person]]:
    """People for each module of settings, whose hashes are of its kind."""
    cheap = MD5PasswordHasher()
    hashes = {
        "bench.settings": make_password(PASSWORD),
        WITHOUT_HASH: cheap.encode(PASSWORD, cheap.salt()),
    }
    for group, password_hash in hashes.items():
        everybody = range(amount)
        people.fill(group=group, password_hash=password_hash, users=everybody, live=everybody)
    return {group: people.sample(group, amount) for group in hashes}


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
        """Statements of one request, on the average, and how many of them began a transaction."""
        self._run(operation, self._options.seconds / 10)
        person, log = self._people(operation)[0], self._site.place.log("postgres")
        with closing(load.connect(self._webs[operation.settings].port)) as connection:
            # What its worker does only once is not counted.
            operation.ask(connection, person)
            with statements.logged(log) as asked:
                for _ in range(COUNTED):
                    operation.ask(connection, person)
                words = asked()
        return {"SQL": len(words) / COUNTED, "BEGIN": words.count("BEGIN") / COUNTED}

    def round(self, number: int) -> dict[str, Figures]:
        """All operations in turn, so that what else the machine does meets each of them."""
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
        return self._everybody[operation.settings]
