"""Invalid answers are refused before anything is written, with a helpful message."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pre_gen_project as hook
import pytest
from cookiecutter.exceptions import FailedHookException
from helpers import Bake, Command
from template import PROJECT, ROOT

GOOD = {
    "project_name": "My Shop",
    "project_slug": "my_shop",
    "description": "Sells lamps.",
    "author_name": "Ada Lovelace",
    "email": "ada@example.com",
    "domain": "example.com",
    "time_zone": "UTC",
}

BAD = {
    "project_name": ["", "  ", "x" * 61, "two\nlines", "a\x00b", "a\u2028b", "a\x7fb", "a\ud800b"],
    "project_slug": [
        "",
        "My_Shop",
        "my-shop",
        "my shop",
        "3d",
        "_shop",
        "shöp",
        "shop\n",
        "../shop",
        "class",
        "json",
        "test",
        "accounts",
        "config",
        "django",
        "rest_framework",
        "django_environ",
        "pytest",
        "con",
    ],
    "description": ["", "two\nlines", "a\rb", "\x1b[31mred"],
    "author_name": ["", "Ada\tLovelace"],
    "email": [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "a da@example.com",
        "ada@example.com, bob@example.com",
        "Ada <ada@example.com>",
        ".ada@example.com",
        "ada@-example.com",
        "ada@example.com\n",
        f"{'a' * 250}@example.com",
    ],
    "domain": [
        "",
        "https://example.com",
        "example.com/",
        "example.com:8000",
        "example.com.",
        ".example.com",
        "example..com",
        "example",
        "Example.com",
        "bücher.example",
        "127.0.0.1",
        "-a.example.com",
        f"{'a' * 64}.com",
        ".".join(["a" * 60] * 5),
        "ex ample.com",
        "example.com\n",
    ],
    "time_zone": ["", "Berlin", "europe/berlin", "Mars/Olympus", "../etc/passwd", "UTC\n"],
}
FIELDS_AND_VALUES = [(field, value) for field, values in BAD.items() for value in values]
MARKS = ["{" + "{ 1 }" + "}", "{" + "% now 'utc' %" + "}", "{" + "# note #" + "}"]


def problems(**answers: str) -> list[str]:
    return list(hook.problems({**GOOD, **answers}))


def test_good_answers_are_accepted() -> None:
    assert problems() == []


@pytest.mark.parametrize(("field", "value"), FIELDS_AND_VALUES, ids=ascii)
def test_invalid_answer_is_reported_with_the_given_value_and_a_valid_one(
    field: str, value: str
) -> None:
    (sentence,) = problems(**{field: value})

    assert sentence.startswith(f"{field} must ")
    assert f"you gave {value!r}" in sentence
    assert re.search(r"a valid answer is '.+'\.$", sentence)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("field", GOOD)
def test_template_syntax_in_an_answer_is_refused(field: str, mark: str) -> None:
    assert len(problems(**{field: f"a {mark}"})) == 1


def test_examples_of_valid_answers_are_valid() -> None:
    assert problems(**{name: example for name, (_, example) in hook.RULES.items()}) == []


def test_all_problems_are_reported_together() -> None:
    assert len(problems(project_slug="My Shop", email="ada", domain="localhost:8000")) == 3


def test_misspelt_time_zone_suggests_the_closest_one() -> None:
    assert "a valid answer is 'Europe/Berlin'" in problems(time_zone="berlin")[0]


@pytest.mark.parametrize(("name", "wrong"), [("Europe/Berlin", 0), ("Etc/GMT+5", 0), ("a b", 1)])
def test_without_a_time_zone_database_only_the_syntax_is_checked(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: int
) -> None:
    monkeypatch.setattr("zoneinfo.available_timezones", set)

    assert len(problems(time_zone=name)) == wrong


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project_name", '李\'s "Größe" \\ 🎉'),
        ("author_name", "Acme, Inc."),
        ("email", "o'brien+shop@mail.example.co.uk"),
        ("email", "ada@Example.COM"),
        ("email", "root@localhost"),
        ("domain", "localhost"),
        ("domain", "xn--bcher-kva.example"),
        ("domain", "a-b.4u.example.museum"),
        ("time_zone", "America/Argentina/Buenos_Aires"),
        ("project_slug", "shop24"),
    ],
)
def test_unusual_valid_answer_is_accepted(field: str, value: str) -> None:
    assert problems(**{field: value}) == []


@pytest.mark.parametrize(("field", "value"), FIELDS_AND_VALUES, ids=ascii)
def test_refused_answer_leaves_no_files(bake: Bake, tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(FailedHookException):
        bake(**{**GOOD, field: value})

    assert [path for path in tmp_path.rglob("*") if path.name != "projects"] == []


def test_refusal_is_one_readable_message(capfd: pytest.CaptureFixture[str], bake: Bake) -> None:
    with pytest.raises(FailedHookException):
        bake(project_slug="Shöp", domain="shop.example/")

    text = capfd.readouterr().err
    assert "Nothing has been written." in text
    assert text.count("\n  - ") == 2
    assert "'Shöp'" in text


def test_name_of_every_folder_of_the_project_is_refused() -> None:
    folders = {path.name for path in (ROOT / PROJECT).iterdir() if path.is_dir()}

    assert all(hook.slug_problem(name) for name in folders)


INSTALLED = """
from importlib import metadata
print(*metadata.packages_distributions())
print(*(d.name.replace("-", "_").replace(".", "_") for d in metadata.distributions()))
"""


def unrefused(names: Iterable[str]) -> set[str]:
    """Returns the names that the hook accepts as a slug.

    Names ending in ``__mypyc`` begin with a hash that changes with each release.
    """
    slugs = {
        name
        for name in map(str.lower, names)
        if re.fullmatch(r"[a-z][a-z0-9_]*", name) and not name.endswith("__mypyc")
    }
    assert "django" in slugs
    return {name for name in slugs if not hook.slug_problem(name)}


def test_name_of_every_installed_package_is_refused(project_python: Path, command: Command) -> None:
    assert unrefused(command(project_python, "-c", INSTALLED).stdout.split()) == set()


def test_name_of_every_package_for_any_python_or_system_is_refused(
    project_python: Path,
) -> None:
    """Markers decide which packages are installed: ``async_timeout`` before Python 3.11.3."""
    project = project_python.parents[2]
    lock = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))
    names = [re.sub(r"[-.]", "_", package["name"]) for package in lock["package"]]

    assert unrefused(names) == {project.name}
