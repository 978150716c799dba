"""The rules of the template's code, and consistency between its files."""

import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import Command, texts
from template import LEFT_BEHIND, PROJECT, ROOT

HOOKS = sorted((ROOT / "hooks").glob("*.py"))
NO_PART_OF_IT = {".git", ".build", "demo"}


def own_files() -> Iterator[Path]:
    """Yields every file of the repository that would be committed."""
    for folder, folders, names in os.walk(ROOT):
        skipped = LEFT_BEHIND(folder, [*folders, *names]) | NO_PART_OF_IT
        folders[:] = [name for name in folders if name not in skipped]
        yield from (Path(folder, name) for name in names if name not in skipped)


def imports(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    plain = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    return plain | {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.stem)
def test_hooks_use_only_the_standard_library_without_network_and_shell(hook: Path) -> None:
    used = {name.partition(".")[0] for name in imports(ast.parse(hook.read_text()))}

    assert used <= sys.stdlib_module_names
    assert not used & {"asyncio", "ftplib", "http", "socket", "subprocess", "urllib"}
    assert "os.system" not in hook.read_text()


def test_hook_that_applies_the_answers_is_short() -> None:
    assert len((ROOT / "hooks" / "post_gen_project.py").read_text().splitlines()) < 120


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.stem)
def test_hooks_read_the_answers_with_one_expression(hook: Path) -> None:
    marks = re.findall(r"\{\{.*|\{%.*|\{#.*", hook.read_text())

    assert marks == ['{{ cookiecutter | jsonify }}"""))']


def test_python_and_pages_contain_no_template_code(template: Path) -> None:
    code = {p: text for p, text in texts(template / PROJECT) if p.suffix in {".py", ".html"}}

    assert [path for path, text in code.items() if "cookiecutter" in text] == []
    assert [p for p, text in code.items() if p.suffix == ".py" and re.search(r"\{%", text)] == []


def test_python_parses_before_rendering(template: Path) -> None:
    for path, text in texts(template / PROJECT):
        if path.suffix == ".py":
            ast.parse(text, str(path))


def test_no_file_contains_a_path_of_a_development_machine() -> None:
    local = re.compile(rf"(?<![\w.])/(?:work|Users)/\w|{re.escape(str(ROOT))}")

    assert [path for path in own_files() if local.search(path.read_text(errors="replace"))] == []


def documented() -> set[str]:
    example = (ROOT / PROJECT / ".env.example").read_text()
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", example, re.MULTILINE))


def of_compose(template: Path) -> set[str]:
    """Returns the variables of the compose files."""
    composed = [text for path, text in texts(template / PROJECT) if path.match("compose*.yaml")]
    return {name for text in composed for name in re.findall(r"\$\{([A-Z_]+)", text)}


def test_every_setting_that_is_read_is_documented(template: Path) -> None:
    read = re.compile(r'\b(?:env\.\w+|environ\.get|number)\(\s*"([A-Z_]+)"')
    code = "\n".join(t for p, t in texts(template / PROJECT) if p.parts[0] == "config")

    # ENV_FILE names the file that replaces `.env`.
    assert set(read.findall(code)) - documented() == {"ENV_FILE"}


def test_every_setting_that_is_documented_is_read(template: Path) -> None:
    code = "\n".join(t for p, t in texts(template / PROJECT) if p.suffix == ".py")
    of_docker = {"COMPOSE_FILE", "COMPOSE_PROFILES"}

    unread = {name for name in documented() if f'"{name}"' not in code}
    assert unread - of_compose(template) <= of_docker


def test_every_variable_of_compose_is_documented(template: Path) -> None:
    assert of_compose(template) - documented() == set()


def test_settings_read_every_switch_of_the_answers(template: Path) -> None:
    defaults = json.loads((ROOT / PROJECT / "config" / "defaults.json").read_text())
    code = "\n".join(t for p, t in texts(template / PROJECT) if p.parts[0] == "config")

    assert {name for name in defaults if f'DEFAULTS["{name}"]' not in code} == set()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make test"
    assert "- run: make test\n" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()


def test_sizes_fail_only_over_the_limits(command: Command, tmp_path: Path) -> None:
    sizes = ROOT / PROJECT / "devtools" / "sizes.py"
    (tmp_path / "short.py").write_text("def f():\n" + "    pass\n" * 49)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "long.py").write_text("pass\n" * 400)
    assert command(sys.executable, sizes, tmp_path).returncode == 0

    (tmp_path / "long.py").write_text("def g():\n" + "    pass\n" * 50 + "\n" * 250)
    result = command(sys.executable, sizes, tmp_path)

    assert result.returncode == 1
    assert "g: 51 lines, more than 50" in result.stdout
    assert "long.py: 301 lines, more than 300" in result.stdout
