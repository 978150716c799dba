"""`make demo` reads its answers like a shell, and reports invalid ones."""

import ast
import importlib
import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers import Command
from template import ROOT, questions, read_answers

# Not by name: ruff sorts that import by whether there is a folder `demo/`.
demo = importlib.import_module("demo")
SCRIPT = ROOT / "scripts" / "template.py"


def test_answers_are_words_with_an_equals_sign() -> None:
    assert read_answers(["mfa_mode=required", "project_name=My=Shop"]) == {
        "mfa_mode": "required",
        "project_name": "My=Shop",
    }


def test_unknown_question_is_refused_with_the_list_of_questions() -> None:
    with pytest.raises(SystemExit, match=r"Unknown question: mfa\..*mfa_mode"):
        read_answers(["mfa=required"])


def test_questions_are_the_visible_ones() -> None:
    assert questions()[:2] == ["project_name", "project_slug"]
    assert not [name for name in questions() if name.startswith("_")]


def test_project_is_generated_and_its_folder_printed_last(command: Command, tmp_path: Path) -> None:
    result = command(sys.executable, SCRIPT, tmp_path, "project_name=My Shop")

    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == str(tmp_path / "my_shop")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("domain=http://x", "domain must be a domain in lower case"),
        ("mfa_mode=maybe", "the choices are ['disabled', 'optional', 'required']"),
        ("use_docker=perhaps", "could not be converted to a boolean"),
    ],
)
def test_invalid_answer_is_one_message_without_a_traceback(
    command: Command, tmp_path: Path, answer: str, reason: str
) -> None:
    result = command(sys.executable, SCRIPT, tmp_path / "made", answer)

    assert result.returncode == 1
    assert reason in result.stderr
    assert "Traceback" not in result.stderr


DEMO = """
import sys
from pathlib import Path
scripts, folder = sys.argv[1:]
sys.path.insert(0, scripts)
import demo
demo.DEMO = Path(folder)
demo.main()
"""


def test_demo_in_the_background_can_be_interrupted_during_the_installation(tmp_path: Path) -> None:
    make = tmp_path / "make"
    make.write_text("#!/bin/sh\necho installing\nexec cat\n")
    make.chmod(0o755)
    ignoring = ("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh")
    words = (sys.executable, "-c", DEMO, str(ROOT / "scripts"), str(tmp_path / "demo"))

    with subprocess.Popen(
        [*ignoring, *words],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        while process.stdout.readline() != "installing\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 128 + signal.SIGINT
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("answers", "mode"), [([], "optional"), (["mfa_mode=disabled"], "disabled")]
)
def test_demo_shows_the_second_factor_unless_the_answers_say_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[str], mode: str
) -> None:
    monkeypatch.setattr(demo, "DEMO", tmp_path)

    project = demo.generate(answers)

    defaults = json.loads((project / "config" / "defaults.json").read_text())
    assert defaults["JWT_ALLAUTH_MFA_TOTP_MODE"] == mode


@pytest.fixture
def demo_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo that is generated and installed at once."""
    folder = tmp_path / "demo"
    monkeypatch.setattr(demo, "DEMO", folder)

    def generate(_: list[str]) -> Path:
        (folder / "shop" / ".venv").mkdir(parents=True, exist_ok=True)
        return folder / "shop"

    monkeypatch.setattr(demo, "generate", generate)
    monkeypatch.setattr(demo, "install", lambda project: (project / ".venv" / ".ready").touch())
    return folder


def test_demo_is_generated_again_only_after_a_change(
    demo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated: list[list[str]] = []
    usual = demo.generate

    def generate(answers: list[str]) -> Path:
        generated.append(answers)
        folder: Path = usual(answers)
        return folder

    monkeypatch.setattr(demo, "generate", generate)

    assert demo.make_project([]) == demo.make_project([]) == demo_folder / "shop"
    assert generated == [[]]

    demo.make_project(["mfa_mode=required"])
    monkeypatch.setattr(demo, "source_files", lambda: iter([Path(__file__)]))
    demo.make_project(["mfa_mode=required"])
    (demo_folder / "shop" / ".venv" / ".ready").unlink()
    demo.make_project(["mfa_mode=required"])

    assert len(generated) == 4


def test_demo_needs_no_package_but_those_of_its_group() -> None:
    scripts = [
        ast.parse((ROOT / "scripts" / name).read_text()) for name in ("demo.py", "template.py")
    ]
    nodes = [node for script in scripts for node in ast.walk(script)]
    names = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]

    needed = {name.partition(".")[0] for name in names if name} - sys.stdlib_module_names

    assert needed == {requirement.partition(">")[0] for requirement in groups["demo"]}
