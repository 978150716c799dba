"""AGENTS.md names what exists: the layers in their order, and the names of the code."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from helpers import Bake, texts
from template import PROJECT, ROOT

BLOCK = re.compile(r"## Layers\n.*?```\n(.*?)```", re.DOTALL)
NAME = re.compile(r"`([A-Za-z_]\w+(?:\.\w+)?)`")


@pytest.fixture
def project(bake: Bake) -> Path:
    return bake()


def named_layers(project: Path) -> list[str]:
    """The modules of the list of layers, from the highest to the lowest."""
    found = BLOCK.search((project / "AGENTS.md").read_text(encoding="utf-8"))
    assert found
    return [name for line in found[1].splitlines() for name in names_in(line)]


def names_in(line: str) -> list[str]:
    """A line with a bar at its beginning goes on with modules of the layer above."""
    if line.startswith("  |"):
        return [f"accounts.{name}" for name in re.findall(r"\| (\w+)", line)]
    return re.findall(r"^(accounts\.\w+|(?!your)\w+)", line)


def test_layers_are_those_of_the_contract_in_its_order(project: Path) -> None:
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    height = {name: place for place, layer in enumerate(contract) for name in layer.split(" | ")}

    named = named_layers(project)
    features = json.loads((project / "features.json").read_text(encoding="utf-8"))
    assert set(named) == height.keys() - features.keys()
    assert [height[name] for name in named] == sorted(height[name] for name in named)


def test_every_name_is_in_the_code(project: Path) -> None:
    code = "\n".join(text for path, text in texts(project) if path.suffix == ".py")

    named = NAME.findall((project / "AGENTS.md").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not re.search(rf"\b{name.rpartition('.')[2]}\b", code)] == []


@pytest.mark.parametrize("folder", [ROOT, ROOT / PROJECT])
def test_it_is_short(folder: Path) -> None:
    lines = (folder / "AGENTS.md").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 70
    assert max(map(len, lines)) <= 130
