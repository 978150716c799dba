"""The documents of security say what the code does: events, limits, and tests that exist."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

from config.env import BASE_DIR
from config.settings.throttling import DEFAULT_RATES

DOCS = BASE_DIR / "docs"
FEATURES = json.loads((BASE_DIR / "features.json").read_bytes())
SOURCES = [path for folder in ("accounts", "core") for path in (BASE_DIR / folder).rglob("*.py")]
REQUIREMENTS = (
    {"V6.1": 3, "V6.2": 12, "V6.3": 8, "V6.4": 6, "V6.5": 8, "V6.6": 4, "V6.7": 2, "V6.8": 4}
    | {"V7.1": 3, "V7.2": 4, "V7.3": 2, "V7.4": 5, "V7.5": 3, "V7.6": 2}
    | {"V9.1": 3, "V9.2": 4}
)
"""How many there are in each section of OWASP ASVS 5.0.0."""
NAMED_TEST = re.compile(r"`((?:\w+/)?tests/[\w/]+\.py)::(test_\w+)`")


def document(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def calls_in(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def recorded_events(sources: Iterable[Path] = SOURCES) -> set[str]:
    """What is written in the code as ``security_log.record("…")``."""
    calls = [call for path in sources for call in calls_in(path)]
    records = [call for call in calls if ast.unparse(call.func) == "security_log.record"]
    return {ast.literal_eval(call.args[0]) for call in records}


@cache
def names_of_tests(path: str) -> set[str]:
    if not (BASE_DIR / path).is_file():
        return set()
    tree = ast.parse((BASE_DIR / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_events_of_the_document_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:info|warning)", document("security-log.md"), re.M)

    assert len(rows) == len(set(rows))
    assert set(rows) == recorded_events()


@pytest.mark.parametrize("name", [name for name in FEATURES if (BASE_DIR / name).is_dir()])
def test_page_of_a_feature_has_its_events(name: str) -> None:
    page = (BASE_DIR / FEATURES[name]["docs"]).read_text(encoding="utf-8")
    events = recorded_events((BASE_DIR / name).rglob("*.py")) - recorded_events()

    assert set(re.findall(r"^\| `(\w+)` \| (?:info|warning)", page, re.M)) == events


def test_limits_of_the_document_are_those_of_the_code() -> None:
    """Which there are: how often is for the owner to set, there or by THROTTLE_RATES."""
    rows = re.findall(r"^\| `(\w+)` \| \d+/\w+ \|", document("limits.md"), re.M)

    assert len(rows) == len(DEFAULT_RATES)
    assert set(rows) == DEFAULT_RATES.keys()


def test_scopes_in_the_account_of_the_ways_in_exist() -> None:
    ways_in = document("security.md").partition("## The ways in")[2].partition("\n## ")[0]
    limits = [row.split("|")[3] for row in ways_in.splitlines() if row.startswith("|")]
    named = {scope for cell in limits for scope in re.findall(r"`(\w+)`", cell)}

    assert named
    assert named <= DEFAULT_RATES.keys()


@pytest.mark.parametrize("name", sorted(path.name for path in DOCS.glob("*.md")))
def test_named_test_exists(name: str) -> None:
    named = NAMED_TEST.findall(document(name))

    assert [f"{path}::{test}" for path, test in named if test not in names_of_tests(path)] == []


def test_every_requirement_has_its_row() -> None:
    rows = re.findall(r"^\| (V\d+\.\d+\.\d+) \|", document("security.md"), re.M)

    # A feature may add a row to a requirement.
    assert list(dict.fromkeys(rows)) == [
        f"{section}.{number}"
        for section, amount in REQUIREMENTS.items()
        for number in range(1, amount + 1)
    ]


@pytest.mark.parametrize("label", ["accounts", "mail", "account", "mfa", "sessions", "admin"])
def test_every_table_is_in_the_document_of_growth(label: str) -> None:
    models = apps.get_app_config(label).get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models}

    assert {name for name in tables if f"`{name}`" not in document("growth.md")} == set()
