"""Follows the recipes of ``docs/extend.md``: writes their files, and runs their commands."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers import Command

STEP = re.compile(
    r"(?:(?P<whole>Create|Append to)\s+`(?P<file>[^`]+)`:"
    r"|[Ii]n\s+`(?P<edited>[^`]+)`,\s+(?P<way>replace|after)\s+`(?P<line>[^`]+)`(?:\s+with)?:)?"
    r"\n\n^```\w+\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# Commands use their own servers, as the tests of the project do.
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.settings", "ENV_FILE": os.devnull}


@dataclass
class Recipe:
    title: str
    text: str

    def steps(self) -> Iterator[re.Match[str]]:
        return STEP.finditer(self.text)

    def follow(self, project: Path, command: Command) -> None:
        for step in self.steps():
            if step["whole"]:
                write(project / step["file"], step["block"], append=step["whole"] != "Create")
            elif step["way"]:
                edit(project / step["edited"], step["way"], step["line"], step["block"])
            else:
                run(step["block"], project, command)


def recipes(document: str) -> list[Recipe]:
    sections = re.split(r"^## ", document, flags=re.MULTILINE)[1:]
    return [Recipe(each.partition("\n")[0], f"\n{each}") for each in sections]


def write(file: Path, block: str, *, append: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a" if append else "w", encoding="utf-8") as opened:
        opened.write(block)


def edit(file: Path, way: str, line: str, block: str) -> None:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert lines.count(f"{line}\n") == 1, f"{file} has not one line {line!r}"
    place = lines.index(f"{line}\n")
    lines[place : place + 1] = [block] if way == "replace" else [f"{line}\n", block]
    file.write_text("".join(lines), encoding="utf-8")


def run(block: str, project: Path, command: Command) -> None:
    for line in block.splitlines():
        words = shlex.split(line)
        # The environment is there, and make must not install it again.
        make = ["make", "--old-file=.venv/.ready"] if words[0] == "make" else words[:1]
        result = command(*make, *words[1:], cwd=project, env=SETTINGS)
        assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"
