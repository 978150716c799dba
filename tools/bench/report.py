"""Prints figures as tables, stores them as JSON, and compares them with an earlier run."""

import json
import math
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from devtools.errors import DevtoolsError

Rows = dict[str, dict[str, float]]
"""Figures by row and column. The name of a column ends with its unit."""


@dataclass(frozen=True)
class Table:
    title: str
    rows: Rows

    def __str__(self) -> str:
        columns = list(dict.fromkeys(name for row in self.rows.values() for name in row))
        lines = [["", *columns]]
        for name, row in self.rows.items():
            lines.append([name, *(_text(row[c]) if c in row else "" for c in columns)])
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        return "\n".join([self.title, *(_aligned(line, widths) for line in lines)])

    def against(self, earlier: Rows) -> "Table":
        """Returns the figures divided by those of the earlier run, for figures that both have."""
        ratios = {
            name: {c: _ratio(now, earlier[name][c]) for c, now in row.items() if c in earlier[name]}
            for name, row in self.rows.items()
            if name in earlier
        }
        return Table(f"{self.title}: now, with the earlier run as 1", ratios)


def _aligned(cells: list[str], widths: list[int]) -> str:
    name, *figures = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return f"  {'  '.join([name.strip().ljust(widths[0]), *figures])}"


def _ratio(now: float, earlier: float) -> float:
    """Returns infinity if only the earlier figure is 0, and 1 if both are."""
    if earlier:
        return now / earlier
    return math.inf if now else 1.0


def _text(figure: float) -> str:
    if math.isinf(figure):
        return "new"
    if figure == int(figure):
        return f"{int(figure):,}"
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def say(line: object) -> None:
    """Prints the line immediately."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def read(file: Path) -> dict[str, Rows]:
    """Reads the tables of an earlier run.

    Raises:
        DevtoolsError: the file cannot be read, or ``write`` has not written it.
    """
    try:
        tables: dict[str, Rows] = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DevtoolsError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DevtoolsError(f"{file} contains no figures of an earlier run: {error}") from None
    return tables


def write(tables: list[Table], file: Path) -> None:
    """
    Raises:
        DevtoolsError: the file cannot be written.
    """
    text = json.dumps({table.title: table.rows for table in tables}, indent=2)
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise DevtoolsError(f"The figures could not be written: {error}") from None
