"""The recipes of ``docs/extend.md`` work as they are written, one after another in one project."""

import re
from pathlib import Path

import pytest
import template as house
from helpers import Command, Result, runner
from recipes import SETTINGS, Recipe, recipes
from template import PROJECT, ROOT

pytestmark = pytest.mark.timeout(1800)

DOCUMENT = ROOT / PROJECT / "docs" / "extend.md"
MAKE = ("make", "--old-file=.venv/.ready")
DJANGO = ("-m", "django")
UNFORMATTED = "import  os\nundefined( 1 )\n"


@pytest.fixture(scope="module")
def extended(
    template: Path, tmp_path_factory: pytest.TempPathFactory, project_python: Path
) -> Path:
    """A project with every recipe, the view of the README, a new language, and one more app."""
    folder = tmp_path_factory.mktemp("extended")
    project = house.bake(template, folder, {})
    (project / ".venv").symlink_to(project_python.parent.parent)
    command = runner(folder)
    add_french(project)
    for recipe in recipes((project / "docs" / "extend.md").read_text(encoding="utf-8")):
        recipe.follow(project, command)
        checked = command(project_python, *DJANGO, "check", cwd=project, env=in_place(project))
        assert checked.returncode == 0, f"{recipe.title}: {checked.stderr}"
    readme = (project / "README.md").read_text(encoding="utf-8")
    [view] = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    (project / "shop" / "staff.py").write_text(view, encoding="utf-8")
    made = command(*MAKE, "new-app", "NAME=blog", cwd=project, env=SETTINGS)
    assert made.returncode == 0, made.stderr
    return project


def add_french(project: Path) -> None:
    """As ``docs/languages.md`` says. A recipe runs ``make messages``."""
    base = project / "config" / "settings" / "base.py"
    text = base.read_text(encoding="utf-8")
    base.write_text(text.replace('("es", "Español")]', '("es", "Español"), ("fr", "Français")]'))


def in_place(project: Path) -> dict[str, str]:
    return {**SETTINGS, "PYTHONPATH": str(project)}


def said(result: Result) -> str:
    return result.stdout + result.stderr


def test_each_block_of_the_document_is_a_step() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    steps = [step for recipe in recipes(text) for step in recipe.steps()]
    assert len(steps) == text.count("\n```\n")


@pytest.mark.parametrize("name", ["a.py", ".env.example"])
def test_edit_without_its_line_is_an_error(name: str, tmp_path: Path, command: Command) -> None:
    (tmp_path / name).write_text("one\n")
    recipe = Recipe("", f"In `{name}`, after `two`:\n\n```python\nthree\n```\n")

    with pytest.raises(AssertionError, match="has not one line 'two'"):
        recipe.follow(tmp_path, command)


def test_extended_project_passes_make_check(extended: Path, command: Command) -> None:
    result = command(*MAKE, "check", cwd=extended)

    assert result.returncode == 0, said(result)


def test_extended_project_passes_make_test(extended: Path, command: Command) -> None:
    # No recipe changes a page, and Chromium does not start in a folder with a long name. The tests
    # of times need a quiet machine.
    left_out = "--ignore-glob=*/pages --ignore=tests/mail/test_timing.py"
    result = command(*MAKE, "test", f"ARGS={left_out}", cwd=extended)

    assert result.returncode == 0, said(result)


def test_make_messages_creates_the_files_of_a_new_language(extended: Path) -> None:
    spanish, french = (
        {path.parents[2] for path in extended.rglob(f"locale/{language}/LC_MESSAGES/django.[pm]o")}
        for language in ("es", "fr")
    )

    assert french == spanish
    text = (extended / "locale" / "fr" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    assert '"Language: fr\\n"' in text
    assert 'msgid "The e-mail address or the password is incorrect."\nmsgstr ""\n' in text


def test_migrations_of_a_new_app_are_complete(
    extended: Path, command: Command, project_python: Path
) -> None:
    check = (*DJANGO, "makemigrations", "--check", "--dry-run")
    result = command(project_python, *check, cwd=extended, env=in_place(extended))

    assert result.returncode == 0, said(result)


def test_description_of_the_extended_project_has_no_warning(
    extended: Path, command: Command, project_python: Path
) -> None:
    strict = (*DJANGO, "spectacular", "--validate", "--fail-on-warn")
    result = command(project_python, *strict, cwd=extended, env=in_place(extended))

    assert result.returncode == 0, result.stderr
    shop = ("shop/greeting", "shop/items/{id}")
    for path in (*shop, "documents/{id}/content", "blog/items", "magic_link/sign-in"):
        assert f"/api/{path}/:" in result.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "use up to 40 lower-case letters, digits and underscores, such as NAME=shop."),
        ("My Shop", "cannot be the name of an app"),
        ("class", "cannot be the name of an app"),
        ("json", "is the name of another app, folder or package: choose another one."),
        ("sessions", "is the name of another app"),
        ("blog", "is the name of another app"),
    ],
)
def test_new_app_refuses_a_name(name: str, reason: str, extended: Path, command: Command) -> None:
    before = (extended / "pyproject.toml").read_text()

    result = command(*MAKE, "new-app", f"NAME={name}", cwd=extended, env=SETTINGS)

    assert result.returncode != 0
    assert reason in result.stderr
    assert "Traceback" not in result.stderr
    assert (extended / "pyproject.toml").read_text() == before


def test_format_formats_files_with_errors_that_it_cannot_fix(
    template: Path, tmp_path: Path, command: Command, project_python: Path
) -> None:
    project = house.bake(template, tmp_path, {})
    (project / ".venv").symlink_to(project_python.parent.parent)
    (project / "shop.py").write_text(UNFORMATTED)

    result = command(*MAKE, "format", cwd=project)

    assert "F821" in result.stdout
    assert result.returncode == 0
    assert (project / "shop.py").read_text() == "undefined(1)\n"
