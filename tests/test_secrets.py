"""Each project has its own secrets, in a file that only its owner can read."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import post_gen_project as hook
import pytest
from helpers import Bake, files, texts, variables

SECRETS = hook.SECRETS


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_secrets_are_long_random_and_url_safe(bake: Bake) -> None:
    env = variables(bake() / ".env")

    assert [name for name in SECRETS if not re.fullmatch(r"[\w-]{86}", env[name])] == []


def test_password_of_postgresql_is_generated_with_docker_only(bake: Bake) -> None:
    assert "POSTGRES_PASSWORD" not in (bake(use_docker=False) / ".env").read_text()


def test_secrets_differ(bake: Bake) -> None:
    envs = [variables(bake(project_slug=slug) / ".env") for slug in ("one", "two")]

    assert len({env[name] for env in envs for name in SECRETS}) == 2 * len(SECRETS)


def test_secrets_are_in_no_other_file(bake: Bake) -> None:
    project = bake()
    env = variables(project / ".env")

    leaks = [
        path
        for path, text in texts(project)
        if path.name != ".env" and any(env[name] in text for name in SECRETS)
    ]
    assert leaks == []


def test_env_sets_only_the_variables_of_development(bake: Bake) -> None:
    env = variables(bake() / ".env")

    assert env.keys() == {"DEBUG", "ALLOWED_HOSTS", *SECRETS}
    assert env["DEBUG"] == "True"
    assert env["ALLOWED_HOSTS"] == "localhost,127.0.0.1"


def test_example_contains_no_secret(bake: Bake) -> None:
    example = variables(bake() / ".env.example")

    assert [example[name] for name in SECRETS] == [""] * len(SECRETS)


@pytest.mark.usefixtures("open_umask")
def test_only_the_owner_can_read_env_with_any_umask(bake: Bake) -> None:
    assert stat.S_IMODE((bake() / ".env").stat().st_mode) == 0o600


def test_second_generation_keeps_env(bake: Bake) -> None:
    env = bake() / ".env"
    env.write_text("SECRET_KEY=mine\n")

    bake(mfa_mode="required")

    assert env.read_text() == "SECRET_KEY=mine\n"


def test_env_is_never_written_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("SECRET_KEY=\n")
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")

    hook.write_env(tmp_path)

    assert [path.name for path in files(tmp_path)] == [".env.example"]


def test_git_ignores_env_but_not_its_example(bake: Bake) -> None:
    ignored = (bake() / ".gitignore").read_text().splitlines()

    assert {".env", "!.env.example"} <= set(ignored)
