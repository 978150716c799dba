"""Answers reach the files and settings that they decide, with any characters."""

import io
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import post_gen_project as hook
import pytest
from helpers import Bake, Command
from template import PROJECT, ROOT, questions

AWKWARD = [
    "O'Brien & Söhne",
    'The "best" shop',
    'three """ quotes',
    r"back\slash \n \u0041 \\",
    "李さんの 🎉",
    "${HOME} $(id) `id` %s {0} #hash",
]


def project_table(project: Path) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    return table


def defaults(project: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((project / "config" / "defaults.json").read_text())
    return found


@pytest.mark.parametrize("text", AWKWARD)
def test_pyproject_names_description_and_author_as_given(bake: Bake, text: str) -> None:
    project = bake(project_slug="shop", description=text, author_name=text)

    table = project_table(project)
    assert table["description"] == text
    assert table["authors"][0]["name"] == text


@pytest.mark.parametrize("text", AWKWARD)
def test_the_project_name_reaches_the_settings_as_given(bake: Bake, text: str) -> None:
    project = bake(project_slug="shop", project_name=text)

    assert defaults(project)["PROJECT_NAME"] == text


@pytest.mark.parametrize("text", AWKWARD)
def test_readme_and_licence_show_the_names_as_given(bake: Bake, text: str) -> None:
    project = bake(project_slug="shop", project_name=text, author_name=text)

    assert (project / "README.md").read_text().startswith(f"# {text}\n")
    assert text in (project / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Shop", "my_shop"),
        ("Käse-Größe & Co.", "kase_grosse_co"),
        ("O'Brien", "o_brien"),
        ("🎉", "project"),
    ],
)
def test_the_folder_is_named_after_the_project(bake: Bake, name: str, slug: str) -> None:
    assert bake(project_name=name).name == slug


def test_answers_become_defaults_that_production_reads(bake: Bake) -> None:
    project = bake(
        project_name="My Shop",
        domain="shop.example.com",
        time_zone="Europe/Berlin",
        admin_managed_registration=True,
        mfa_mode="required",
        refresh_token_as_cookie=False,
    )

    assert defaults(project) == {
        "DEFAULT_FROM_EMAIL": "My Shop <no-reply@shop.example.com>",
        "PROJECT_NAME": "My Shop",
        "PROJECT_SLUG": "my_shop",
        "PUBLIC_URL": "https://shop.example.com",
        "TIME_ZONE": "Europe/Berlin",
        "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": True,
        "JWT_ALLAUTH_MFA_TOTP_MODE": "required",
        "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": False,
    }


def test_the_template_carries_the_defaults_that_default_answers_give(bake: Bake) -> None:
    made, kept = bake(), ROOT / PROJECT

    path = Path("config") / "defaults.json"
    assert (made / path).read_bytes() == (kept / path).read_bytes()


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("MIT", "Permission is hereby granted, free of charge"),
        ("BSD-3-Clause", "Redistribution and use in source and binary forms"),
        ("Proprietary", "All rights reserved."),
    ],
)
def test_the_licence_is_the_one_asked_for(bake: Bake, licence: str, words: str) -> None:
    text = (bake(licence=licence, author_name="Ada") / "LICENSE").read_text()

    assert words in text
    assert "Ada" in text.partition("\n\n")[2] or text.startswith("Copyright")


def test_the_next_commands_are_shown_with_a_path_that_can_be_pasted(tmp_path: Path) -> None:
    text = hook.next_steps(tmp_path / "my shop")

    assert f"cd '{tmp_path}/my shop'" in text
    assert text.index("git init") < text.index("make run")


def test_a_project_that_is_a_repository_is_not_made_one_again(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert "git init" not in hook.next_steps(tmp_path)


def test_terminal_that_cannot_show_the_path_does_not_stop_the_generation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(shown, "ascii", write_through=True))

    hook.say("größe")

    assert shown.getvalue().rstrip() == rb"gr\xf6\xdfe"


def test_every_question_is_asked_in_words_and_has_a_default(
    template: Path, tmp_path: Path, command: Command
) -> None:
    result = command(
        *(sys.executable, "-m", "cookiecutter", template, "--output-dir", tmp_path),
        stdin="\n" * len(questions()),
    )

    prompts = json.loads((template / "cookiecutter.json").read_text())["__prompts__"]
    asked = " ".join(result.stdout.split())
    assert list(prompts) == questions()
    assert all((p if isinstance(p, str) else p["__prompt__"]) in asked for p in prompts.values())
    assert (tmp_path / "my_product" / "manage.py").exists()
