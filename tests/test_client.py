"""The client in `clients/typescript/`: its types, its compiled form, and what it sends."""

import itertools
import json
import os
import re
import shutil
from pathlib import Path

import clients
import pytest
import template as house
from helpers import Bake, Command, runner
from template import PROJECT, ROOT

pytestmark = pytest.mark.skipif(
    not (clients.FOLDER / "node_modules").exists(),
    reason="the compilers are not installed: make clients (it needs Node.js and npm)",
)

BINARIES = clients.FOLDER / "node_modules" / ".bin"
SOURCE = Path("clients", "typescript")
COMPILED = Path("account_pages", "static", "account_pages", "client.js")
EMIT = ("--noCheck", "--target", "es2022", "--module", "es2022")
SNIPPET = re.compile(r"(?ms)^```(tsx?)\n(?:// (\w+\.tsx?)\n)?(.*?)^```")
NO_SERVERS = {"DATABASE_URL": "postgresql:///none", "REDIS_URL": "redis://localhost:1"}
# Stricter than most front ends.
STRICT = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noFallthroughCasesInSwitch": True,
    "noImplicitOverride": True,
    "noImplicitReturns": True,
    "noUncheckedIndexedAccess": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "verbatimModuleSyntax": True,
    "target": "es2022",
    "lib": ["es2022", "dom", "dom.iterable"],
    "module": "es2022",
    "moduleResolution": "bundler",
    "jsx": "react-jsx",
    "types": [],
    "noEmit": True,
}
NAMES = ("passkeys", "social_login")
VARIANTS = [
    dict(zip(NAMES, each, strict=True)) for each in itertools.product([True, False], repeat=2)
]


def in_words(answers: dict[str, bool]) -> str:
    return " and ".join(name for name, answer in answers.items() if answer) or "neither"


@pytest.fixture(params=[VARIANTS[0], VARIANTS[-1]], ids=in_words, scope="module")
def project(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return house.bake(template, tmp_path_factory.mktemp("client"), request.param)


def write_types(project: Path, python: Path, command: Command) -> None:
    """Runs `make client-types`, as docs/clients.md says."""
    if not (project / ".venv").exists():
        (project / ".venv").symlink_to(python.parent.parent)
    written = command(
        *("make", "--old-file=.venv/.ready", "client-types"),
        f"OPENAPI_TYPESCRIPT={BINARIES / 'openapi-typescript'}",
        cwd=project,
        env=NO_SERVERS,
    )
    assert written.returncode == 0, written.stderr
    assert not (project / SOURCE / "openapi.json").exists()


@pytest.fixture(scope="module")
def typed(project: Path, project_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the client, with the types of the description."""
    write_types(project, project_python, runner(tmp_path_factory.mktemp("home")))
    return project / SOURCE


def check_types(command: Command, *sources: Path) -> str:
    """Returns what the compiler reports. The sources are in one folder."""
    folder = sources[0].parent
    config = {"compilerOptions": STRICT, "files": [str(path) for path in sources]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(clients.FOLDER / "node_modules")
    return command(BINARIES / "tsc", "--project", folder).stdout


def write_snippets(document: Path, folder: Path) -> list[Path]:
    """Writes each block of TypeScript into a module. A comment in its first line names it."""
    written = []
    blocks = SNIPPET.findall(document.read_text(encoding="utf-8"))
    for number, (kind, name, code) in enumerate(blocks):
        path = folder / (name or f"{document.stem}_{number}.{kind}")
        path.write_text(code, encoding="utf-8")
        written.append(path)
    return written


def test_client_has_at_most_250_lines() -> None:
    lines = (ROOT / PROJECT / SOURCE / "client.ts").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 250
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("answers", VARIANTS, ids=in_words)
def test_pages_have_the_compiled_client(
    bake: Bake, command: Command, tmp_path: Path, answers: dict[str, bool]
) -> None:
    """To compile it again: `make client`."""
    project = bake(**answers)

    ended = command(BINARIES / "tsc", *EMIT, "--outDir", tmp_path, project / SOURCE / "client.ts")

    assert ended.returncode == 0, ended.stdout
    assert (project / COMPILED).read_text() == (tmp_path / "client.js").read_text()


def test_types_of_the_client_follow_the_description(typed: Path, command: Command) -> None:
    shutil.copy(clients.SOURCES / "requests.ts", typed)

    assert check_types(command, *typed.glob("*.ts")) == ""


def test_snippets_of_the_documents_compile(
    project: Path, typed: Path, command: Command, tmp_path: Path
) -> None:
    shutil.copytree(typed, tmp_path / "src", symlinks=True)
    shutil.copy(clients.SOURCES / "native.d.ts", tmp_path / "src")
    documents = (project / "docs" / "clients.md", project / "README.md")
    snippets = [each for path in documents for each in write_snippets(path, tmp_path / "src")]

    assert len(snippets) >= 9
    assert check_types(command, tmp_path / "src" / "native.d.ts", *snippets) == ""


def test_client_compiles_where_mfa_is_required_and_bodies_are_the_default(
    template: Path, project_python: Path, command: Command, tmp_path: Path
) -> None:
    answers = {"mfa_mode": "required", "refresh_token_as_cookie": False}
    project = house.bake(template, tmp_path, answers)
    write_types(project, project_python, command)

    assert check_types(command, project / SOURCE / "client.ts") == ""


def test_client_does_what_its_tests_say(command: Command, tmp_path: Path) -> None:
    shutil.copy(ROOT / PROJECT / COMPILED, tmp_path / "client.mjs")
    environment = {"CLIENT": (tmp_path / "client.mjs").as_uri(), "PATH": os.environ["PATH"]}

    ended = command("node", "--test", clients.SOURCES / "client.test.mjs", env=environment)

    assert ended.returncode == 0, ended.stdout
