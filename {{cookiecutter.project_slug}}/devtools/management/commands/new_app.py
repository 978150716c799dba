"""Makes an app with a model, its endpoints and their tests."""

import keyword
import re
from argparse import ArgumentParser
from contextlib import chdir
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.env import BASE_DIR

TEMPLATE = BASE_DIR / "devtools" / "new_app"
MARK = "# make new-app adds apps here"
LINES = {
    "config/settings/base.py": '"{name}",',
    "config/urls.py": 'path(f"{{settings.API_URL}}{name}/", include("{name}.urls")),',
    "pyproject.toml": '"{name}",',
}
"""The line of the app in each file, after the mark."""


class Command(BaseCommand):
    help = "Makes an app with a model, its endpoints and their tests."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if problem := problem_of(name):
            raise CommandError(problem)
        texts = {BASE_DIR / file: registered(file, name) for file in LINES}
        with chdir(BASE_DIR):
            call_command("startapp", name, template=str(TEMPLATE))
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
        self.stdout.write(
            f"The app is in {name}/, its endpoints are at /api/{name}/items/. Change the model and "
            "its migration as you need, then run: make check test"
        )


def problem_of(name: str) -> str:
    """Returns why an app cannot have the name, and "" if it can."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or keyword.iskeyword(name):
        return (
            f'"{name}" cannot be the name of an app: use up to 40 lower-case letters, digits and '
            "underscores, such as NAME=shop."
        )
    labels = {config.label for config in apps.get_app_configs()}
    if name in labels or (BASE_DIR / name).exists() or find_spec(name):
        return f'"{name}" is the name of another app, folder or package: choose another one.'
    return ""


def registered(file: str, name: str) -> str:
    """
    Returns:
        the text of the file with the line of the app.

    Raises:
        CommandError: the mark is missing.
    """
    text = (BASE_DIR / file).read_text(encoding="utf-8")
    line = LINES[file].format(name=name)
    new, times = re.subn(rf"(?m)^( *){MARK}$", rf"\g<0>\n\g<1>{line}", text)
    if not times:
        raise CommandError(f"{file} has no line '{MARK}': put it where apps are listed.")
    return new
