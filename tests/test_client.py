"""The client in `clients/typescript/`: its types, its compiled form, and what it sends."""

import itertools
import json
import os
import shutil
from pathlib import Path

import clients
import pytest
import template as house
from helpers import Command
from template import PROJECT, ROOT

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (clients.FOLDER / "node_modules").exists(),
        reason="the compilers are not installed: make clients (it needs Node.js and npm)",
    ),
]

BINARIES = clients.FOLDER / "node_modules" / ".bin"
SOURCE = Path("clients", "typescript")
COMPILED = Path("account_pages", "static", "account_pages", "client.js")
EMIT = ("--noCheck", "--target", "es2022", "--module", "es2022")
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
    "types": [],
    "noEmit": True,
}
NAMES = ("passkeys", "social_login")
VARIANTS = [
    dict(zip(NAMES, each, strict=True)) for each in itertools.product([True, False], repeat=2)
]


def in_words(answers: dict[str, bool]) -> str:
    return " and ".join(name for name, answer in answers.items() if answer) or "neither"


@pytest.fixture(params=VARIANTS, ids=in_words, scope="module")
def project(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return house.bake(template, tmp_path_factory.mktemp("client"), request.param)


def describe(project: Path, python: Path, command: Command, **switches: str) -> None:
    """Writes the types of the description, as docs/clients.md says."""
    description = project / "openapi.json"
    environment = {"DATABASE_URL": "postgresql:///none", "REDIS_URL": "redis://localhost:1"}
    written = command(
        *(python, "manage.py", "spectacular", "--format", "openapi-json", "--file", description),
        cwd=project,
        env=environment | switches,
    )
    assert written.returncode == 0, written.stderr
    schema = project / SOURCE / "schema.d.ts"
    made = command(BINARIES / "openapi-typescript", description, "--output", schema)
    assert made.returncode == 0, made.stderr


def check_types(folder: Path, command: Command, *sources: Path, **options: object) -> str:
    """Returns what the compiler reports."""
    config = {"compilerOptions": STRICT | options, "files": [str(path) for path in sources]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(clients.FOLDER / "node_modules")
    return command(BINARIES / "tsc", "--project", folder).stdout


def test_client_has_at_most_250_lines() -> None:
    lines = (ROOT / PROJECT / SOURCE / "client.ts").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= 250
    assert max(map(len, lines)) <= 100


def test_pages_have_the_compiled_client(project: Path, command: Command, tmp_path: Path) -> None:
    """To compile it again: `make client`."""
    compiled = command(
        BINARIES / "tsc", *EMIT, "--outDir", tmp_path, project / SOURCE / "client.ts"
    )

    assert compiled.returncode == 0, compiled.stdout
    committed = project / COMPILED
    assert not committed.exists() or committed.read_text() == (tmp_path / "client.js").read_text()


def test_types_of_the_client_follow_the_description(
    project: Path, project_python: Path, command: Command
) -> None:
    describe(project, project_python, command, JWT_ALLAUTH_MFA_TOTP_MODE="optional")
    shutil.copy(clients.SOURCES / "requests.ts", project / SOURCE)

    assert check_types(project / SOURCE, command, *(project / SOURCE).glob("*.ts")) == ""


def test_client_compiles_where_mfa_is_required_and_bodies_are_the_default(
    template: Path, project_python: Path, command: Command, tmp_path: Path
) -> None:
    project = house.bake(template, tmp_path, {})
    describe(
        *(project, project_python, command),
        JWT_ALLAUTH_MFA_TOTP_MODE="required",
        JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE="False",
    )

    assert check_types(project / SOURCE, command, project / SOURCE / "client.ts") == ""


def test_client_does_what_its_tests_say(command: Command, tmp_path: Path) -> None:
    shutil.copy(ROOT / PROJECT / COMPILED, tmp_path / "client.mjs")
    environment = {"CLIENT": (tmp_path / "client.mjs").as_uri(), "PATH": os.environ["PATH"]}

    ended = command("node", "--test", clients.SOURCES / "client.test.mjs", env=environment)

    assert ended.returncode == 0, ended.stdout
