"""``make bench``: the cost of requests, its growth with the tables, and the rate of e-mails.

It starts its own servers, and removes them at the end.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ["ENV_FILE"] = os.devnull

from bench import limits, report, site
from bench.report import Rows, Table, say
from bench.site import Site
from devtools import interrupts
from devtools.errors import DevtoolsError

COMMANDS = {
    "operations": "what a request costs (the default; one minute)",
    "growth": "whether a refresh and a login cost more with many rows, also during a purge",
    "mail": "how many e-mails per second workers send",
    "limits": "how many of 300 concurrent requests pass a limit of ten",
}


def main() -> int:
    """Returns the exit code."""
    options = _options(sys.argv[1:])
    interrupts.raise_keyboard_interrupt()
    if options.command == "limits":
        return limits.main()
    try:
        earlier = report.read(options.against) if options.against else {}
        with site.running() as servers:
            tables = _measure(servers, options)
        _show(tables, earlier)
        if options.json:
            report.write(tables, options.json)
    except DevtoolsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _show(tables: list[Table], earlier: dict[str, Rows]) -> None:
    for table in tables:
        say(f"\n{table}")
        if table.title in earlier:
            say(f"\n{table.against(earlier[table.title])}")


def _measure(servers: Site, options: argparse.Namespace) -> list[Table]:
    """Imports the modules here: they need models, and so Django to be set up."""
    if options.command == "growth":
        from bench import growth

        return growth.measure(servers, options)
    if options.command == "mail":
        from bench import backlog

        return backlog.measure(servers, options)
    from bench import operations

    return operations.measure(servers, options)


def _options(words: list[str]) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    common.add_argument("--against", type=Path, metavar="FILE", help="compare with an earlier file")
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=__doc__,
        epilog='`make bench ARGS="growth --help"` lists the options of a command.',
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, description in COMMANDS.items():
        _add_numbers(name, commands.add_parser(name, help=description, parents=[common]))
    if not {*COMMANDS, "-h", "--help"} & set(words[:1]):
        words = ["operations", *words]
    options = parser.parse_args(words)
    if any(getattr(options, name) <= 0 for name in _NUMBERS[options.command]):
        parser.error("every number must be greater than 0")
    if options.json and not options.json.parent.is_dir():
        parser.error(f"there is no folder {options.json.parent}")
    return options


_LOAD = {"connections": 4, "workers": 2, "threads": 4}
_NUMBERS: dict[str, dict[str, float]] = {
    "operations": {"rounds": 3, "seconds": 3.0, **_LOAD},
    "growth": {"users": 1_000_000, "sessions": 5_000_000, "seconds": 9.0, **_LOAD},
    "mail": {"emails": 10_000},
    "limits": {},
}


def _add_numbers(command: str, parser: argparse.ArgumentParser) -> None:
    if command == "mail":
        parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4], metavar="N")
    for name, default in _NUMBERS[command].items():
        parser.add_argument(
            f"--{name}", type=type(default), default=default, metavar="N", help=f"default {default}"
        )


if __name__ == "__main__":
    sys.exit(main())
