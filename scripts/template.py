"""Makes projects out of the template as it lies here: ``template.py FOLDER [question=answer …]``.

``every_feature`` and ``no_feature`` stand for the answers that include all features, or none.

What development leaves in the template's folder (caches, an environment, data) is not copied, and
the reader's own cookiecutter settings play no part.
"""

import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cookiecutter.exceptions import CookiecutterException
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "{{cookiecutter.project_slug}}"
LEFT_BEHIND = shutil.ignore_patterns(
    *(".env", ".devservices", ".tools", ".venv", ".*_cache", ".hypothesis", "__pycache__"),
    *("celerybeat-schedule*", "staticfiles", "uv.lock", ".DS_Store", "*.swp"),
)


def export(target: Path) -> Path:
    """Copies what a bake reads to the folder ``target``, which must exist; returns it."""
    shutil.copy(ROOT / "cookiecutter.json", target)
    for folder in ("hooks", PROJECT):
        shutil.copytree(ROOT / folder, target / folder, ignore=LEFT_BEHIND)
    return target


def bake(template: Path, output: Path, answers: Mapping[str, object]) -> Path:
    """Makes a project in ``output``, over one of the same name; returns its folder.

    Raises:
        CookiecutterException: a hook refused an answer, after saying why on standard error.
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
    """Takes what cookiecutter leaves in the temporary folder: the hooks that it has rendered."""
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


def features() -> dict[str, dict[str, Any]]:
    """The manifest as it lies in the template: every feature is included."""
    text = (ROOT / PROJECT / "features.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def every_feature() -> dict[str, object]:
    """The answers that include all features. Of those that exclude each other, the first."""
    return {q: a for each in reversed(features().values()) for q, a in each["add"].items()}


def no_feature() -> dict[str, object]:
    return {q: a for each in features().values() for q, a in each["remove"].items()}


def read_answers(words: Iterable[str]) -> dict[str, object]:
    """Turns ``question=answer`` words into a dict; an unknown question ends the program."""
    answers: dict[str, object] = {}
    for word in words:
        if word == "every_feature":
            answers |= every_feature()
        elif word == "no_feature":
            answers |= no_feature()
        else:
            name, _, answer = word.partition("=")
            answers[name] = answer
    unknown = ", ".join(answers.keys() - questions())
    if unknown:
        sys.exit(f"There is no such question: {unknown}. There are: {', '.join(questions())}.")
    return answers


def main(output: str, *words: str) -> None:
    answers = read_answers(words)
    # The hooks say what is wrong; cookiecutter's traceback would bury it.
    logging.getLogger("cookiecutter").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        try:
            project = bake(export(Path(folder)), Path(output), answers)
        except (CookiecutterException, ValueError) as error:
            sys.exit(f"No project was made: {error}")
    print(project)


if __name__ == "__main__":
    main(*sys.argv[1:])
