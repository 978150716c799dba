"""Generates projects from this template: ``template.py FOLDER [question=answer …]``.

Caches, environments and data in the template's folder are not copied, and the user's cookiecutter
settings are ignored.
"""

import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "{{cookiecutter.project_slug}}"
LEFT_BEHIND = shutil.ignore_patterns(
    *(".env", ".devservices", ".tools", ".venv", ".*_cache", ".hypothesis", "__pycache__"),
    *("celerybeat-schedule*", "staticfiles", "uv.lock", ".DS_Store", "*.swp"),
)


def export(target: Path) -> Path:
    """Copies the files that a project is generated from into the existing folder ``target``."""
    shutil.copy(ROOT / "cookiecutter.json", target)
    for folder in ("hooks", PROJECT):
        shutil.copytree(ROOT / folder, target / folder, ignore=LEFT_BEHIND)
    return target


def bake(template: Path, output: Path, answers: Mapping[str, object]) -> Path:
    """Generates a project in ``output``, and overwrites one of the same name. Returns its folder.

    Raises:
        CookiecutterException: a hook refused an answer, and printed the reason to standard error.
        ValueError: the answer is not one of the choices.
    """
    with _temporary_folder() as own:
        project = cookiecutter(
            str(template),
            no_input=True,
            extra_context=dict(answers),
            overwrite_if_exists=True,
            output_dir=str(output),
            default_config={"replay_dir": own, "cookiecutters_dir": own},
        )
    return Path(project)


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """Removes the rendered hooks that cookiecutter leaves in the temporary folder."""
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory() as own:
        tempfile.tempdir = own
        try:
            yield own
        finally:
            tempfile.tempdir = usual


def questions() -> list[str]:
    asked = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
    return [name for name in asked if not name.startswith("_")]


def read_answers(words: Iterable[str]) -> dict[str, str]:
    """Turns ``question=answer`` words into a dict. Exits on an unknown question."""
    pairs = (word.partition("=") for word in words)
    answers = {name: answer for name, _, answer in pairs}
    unknown = ", ".join(answers.keys() - questions())
    if unknown:
        sys.exit(f"Unknown question: {unknown}. The questions are: {', '.join(questions())}.")
    return answers


def main(output: str, *words: str) -> None:
    answers = read_answers(words)
    # The hooks print the reason; cookiecutter's traceback would hide it.
    logging.getLogger("cookiecutter").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        try:
            project = bake(export(Path(folder)), Path(output), answers)
        except (CookiecutterException, ValueError) as error:
            sys.exit(f"No project was generated: {error}")
    print(project)


if __name__ == "__main__":
    main(*sys.argv[1:])
