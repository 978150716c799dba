"""Reports the length of functions and modules: ``python -m devtools.sizes FOLDER…``."""

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

LONGEST_FUNCTION = 50
LONGEST_MODULE = 300
LEFT_OUT = {"migrations", "tests"}


class Piece(NamedTuple):
    """A function or a module, and its length in lines."""

    name: str
    lines: int


def modules(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT and not f.startswith("."))
        yield from (Path(root, file) for file in sorted(files) if file.endswith(".py"))


def functions(module: Path, source: str) -> Iterator[Piece]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Piece(f"{module}:{node.lineno} {node.name}", lines)


def measure(folders: Iterable[Path]) -> tuple[list[Piece], list[Piece]]:
    """Returns all functions and all modules of the folders."""
    sources = {m: m.read_text(encoding="utf-8") for folder in folders for m in modules(folder)}
    return (
        [piece for module, source in sources.items() for piece in functions(module, source)],
        [Piece(str(module), source.count("\n")) for module, source in sources.items()],
    )


def summary(pieces: list[Piece]) -> str:
    lengths = [piece.lines for piece in pieces] or [0]
    ninth = quantiles(lengths, n=10)[-1] if len(lengths) > 1 else lengths[0]
    return (
        f"{len(pieces)} functions: median {median(lengths):.0f} lines (aim: 6), "
        f"nine in ten up to {ninth:.0f} (aim: 15), longest {max(lengths)}"
    )


def too_long(pieces: list[Piece], limit: int) -> list[str]:
    return [f"{name}: {lines} lines, more than {limit}" for name, lines in pieces if lines > limit]


def main(folders: list[str]) -> int:
    found, files = measure(Path(folder) for folder in folders)
    problems = too_long(found, LONGEST_FUNCTION) + too_long(files, LONGEST_MODULE)
    sys.stdout.write("\n".join([summary(found), *problems]) + "\n")
    return len(problems) > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["."]))
