"""What production code imports is declared, and not only there because something else needs it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from config.env import BASE_DIR

OURS = ("accounts", "config", "core", "mail")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [*project["optional-dependencies"].values()]
    words = [word for words in (project["dependencies"], *extras) for word in words]
    return {normal(re.split(r"[\[<>=;]", word)[0]) for word in words}


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("package", OURS)
def test_every_import_of_production_is_a_declared_dependency(package: str) -> None:
    names = {name for path in (BASE_DIR / package).rglob("*.py") for name in imported(path)}
    others = {name.partition(".")[0] for name in names} - {*OURS} - sys.stdlib_module_names
    distributions = packages_distributions()

    assert {
        name for name in others if not declared() & {normal(d) for d in distributions[name]}
    } == set()
