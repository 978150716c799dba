"""A generated project is fully rendered, with Unix line ends and no extra files."""

import itertools
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from helpers import VERBATIM, Bake, Command, files, texts
from template import PROJECT, features
from template import bake as bake_from

FILE_OPTIONS = list(
    itertools.product(
        [True, False], ["github", "gitlab", "none"], ["MIT", "BSD-3-Clause", "Proprietary"]
    )
)
SWITCHES = list(
    itertools.product([True, False], ["disabled", "optional", "required"], [True, False])
)
COMPILED = """
from importlib.util import cache_from_source
from django import contrib
print(cache_from_source(f"{contrib.__path__[0]}/gis/apps.py"))
"""
# Not the tags and variables of Django, which documents show.
JINJA = re.compile(
    r"\{%-? *(?:if|elif|else|endif|for|endfor|raw|endraw|set)\b|\{#|cookiecutter\.\w"
)


def assert_clean(project: Path) -> None:
    for path, text in texts(project):
        assert "\r" not in text, path
        assert not text or re.search(r"[^\n]\n\Z", text), path
        if path.suffix not in VERBATIM:
            assert not JINJA.search(text), path


@pytest.mark.parametrize(("use_docker", "ci", "licence"), FILE_OPTIONS)
def test_every_combination_of_files_is_clean(
    bake: Bake, use_docker: bool, ci: str, licence: str
) -> None:
    project = bake(use_docker=use_docker, ci=ci, licence=licence)

    assert_clean(project)
    assert tomllib.loads((project / "pyproject.toml").read_text())
    for path, text in texts(project):
        if path.suffix in {".yml", ".yaml"}:
            assert yaml.safe_load(text), path


@pytest.mark.parametrize(("by_invitation", "mfa", "cookie"), SWITCHES)
def test_every_combination_of_switches_is_clean(
    bake: Bake, by_invitation: bool, mfa: str, cookie: bool
) -> None:
    assert_clean(
        bake(admin_managed_registration=by_invitation, mfa_mode=mfa, refresh_token_as_cookie=cookie)
    )


def test_code_and_pages_are_copied_byte_for_byte(bake: Bake, template: Path) -> None:
    project, source = bake(project_name="Other"), template / PROJECT

    copied = [path for path in files(project) if path.suffix in VERBATIM]
    changed = {p for p in copied if (project / p).read_bytes() != (source / p).read_bytes()}

    assert Path("manage.py") in copied
    marked = {Path(name) for feature in features().values() for name in feature["named_in"]}
    assert changed - marked == {Path("config/defaults.json"), Path("features.json")}


def test_executable_files_stay_executable(bake: Bake, template: Path) -> None:
    project = bake()

    for path in {*files(template / PROJECT)} & {*files(project)}:
        modes = [(folder / path).stat().st_mode & 0o111 for folder in (template / PROJECT, project)]
        assert modes[0] == modes[1], path


def test_caches_of_development_are_not_copied(bake: Bake) -> None:
    left = {".ruff_cache", ".mypy_cache", ".pytest_cache", "__pycache__", ".venv", "uv.lock"}

    assert not left & {part for path in files(bake()) for part in path.parts}


def test_folder_with_spaces_and_non_ascii_characters_works(template: Path, tmp_path: Path) -> None:
    project = bake_from(template, tmp_path / "a folder, größer", {})

    assert_clean(project)


def test_make_lists_its_targets(bake: Bake, command: Command) -> None:
    listed = command("make", cwd=bake()).stdout

    assert {"setup", "run", "test", "check", "format"} <= set(re.findall(r"make (\w+)", listed))


def test_setup_compiles_modules_that_are_not_imported(project_python: Path) -> None:
    compiled = subprocess.check_output([project_python, "-c", COMPILED], text=True)

    assert Path(compiled.strip()).exists()


def test_setup_names_the_required_python(bake: Bake, command: Command) -> None:
    result = command("make", "setup", "PYTHON=false", cwd=bake())

    assert result.returncode != 0
    assert "Python 3.11 or later is required" in result.stderr
