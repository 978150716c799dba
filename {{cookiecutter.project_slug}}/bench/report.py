"""Figures as aligned tables, as JSON, and against those of an earlier run."""

import json
import math
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from devtools.errors import DevtoolsError

Rows = dict[str, dict[str, float]]
"""Figures by row and column; a column's name ends with its unit."""


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
        """Each figure divided by that of the earlier run; what only one of them has is left out."""
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
    """Infinite where there was nothing before, such as a statement; 1 where there is still none."""
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
    """At once: a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def read(file: Path) -> dict[str, Rows]:
    """The tables of an earlier run.

    Raises:
        DevtoolsError: it is no file that ``write`` has written.
    """
    try:
        tables: dict[str, Rows] = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DevtoolsError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DevtoolsError(f"{file} holds no figures of an earlier run: {error}") from None
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
