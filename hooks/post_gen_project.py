"""Applies the answers: sets switches, removes files, and generates secrets.

The tables below map each question to the settings and files that it decides.
"""

import contextlib
import json
import os
import re
import secrets
import shlex
import sys
import tempfile
from collections.abc import Mapping
from email.headerregistry import Address
from pathlib import Path

Answers = Mapping[str, object]

# Setting: the question whose answer is its default. An environment variable overrides it.
SWITCHES = {
    "JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION": "admin_managed_registration",
    "JWT_ALLAUTH_MFA_TOTP_MODE": "mfa_mode",
    "JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE": "refresh_token_as_cookie",
    "PROJECT_NAME": "project_name",
    "TIME_ZONE": "time_zone",
}
# File: the question, and the answer that keeps the file.
FILES: dict[str, tuple[str, object]] = {
    ".dockerignore": ("use_docker", True),
    "Dockerfile": ("use_docker", True),
    "compose.override.yaml": ("use_docker", True),
    "compose.yaml": ("use_docker", True),
    "deploy/Caddyfile": ("use_docker", True),
    "docker.mk": ("use_docker", True),
    ".github/dependabot.yml": ("ci", "github"),
    ".github/workflows/ci.yml": ("ci", "github"),
    ".gitlab-ci.yml": ("ci", "gitlab"),
    "renovate.json": ("ci", "gitlab"),
}
# Variables in .env, each with 64 random bytes: 86 letters, digits, - and _.
SECRETS = ("SECRET_KEY", "JWT_SIGNING_KEY", "MFA_ENCRYPTION_KEYS", "POSTGRES_PASSWORD")

NEXT_STEPS = """
Your project has been created. Next:

  cd {folder}
  make setup
{first_commit}  make run

make setup installs the dependencies into .venv/ and pins their versions in uv.lock.
make run starts PostgreSQL, Valkey, the worker and the web server.
make help lists the other commands.
.env contains the secrets of this project: never commit it.
"""
FIRST_COMMIT = '  git init && git add --all && git commit --message "Start from Gatehouse"\n'


def write_defaults(project: Path, answers: Answers) -> None:
    defaults = {setting: answers[question] for setting, question in SWITCHES.items()}
    defaults["PUBLIC_URL"] = f"https://{answers['domain']}"
    sender = Address(str(answers["project_name"]), "no-reply", str(answers["domain"]))
    defaults["DEFAULT_FROM_EMAIL"] = str(sender)
    text = json.dumps(defaults, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (project / "config" / "defaults.json").write_text(text, encoding="utf-8", newline="\n")


def remove_unwanted(project: Path, answers: Answers) -> None:
    """Removes the files that the answers exclude, and the folders that become empty."""
    for name, (question, keeps) in FILES.items():
        if answers[question] != keeps:
            (project / name).unlink(missing_ok=True)
            for folder in Path(name).parents[:-1]:
                with contextlib.suppress(OSError):
                    (project / folder).rmdir()


def write_env(project: Path) -> None:
    """Writes `.env` with new secrets. Keeps an existing one, because its secrets are in use."""
    text = (project / ".env.example").read_text(encoding="utf-8")
    for name in SECRETS:
        text = re.sub(rf"(?m)^{name}=.*$", f"{name}={secrets.token_urlsafe(64)}", text)
    with contextlib.suppress(FileExistsError):
        # Mode 0600 from the start: before a later chmod, other users could read it.
        descriptor = os.open(project / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def next_steps(project: Path) -> str:
    folder = shlex.quote(str(project)) if os.name == "posix" else f'"{project}"'
    first_commit = "" if (project / ".git").exists() else FIRST_COMMIT
    return NEXT_STEPS.format(folder=folder, first_commit=first_commit)


def is_thrown_away(project: Path) -> bool:
    """Whether cruft generates the project only to compare it, in a ``TemporaryDirectory``."""
    folder = project.resolve().parent
    temporary = Path(tempfile.gettempdir()).resolve()
    return folder.parent == temporary and bool(re.fullmatch(r"tmp\w{8}", folder.name))


def say(text: str) -> None:
    """Prints the text. Escapes characters that the terminal cannot show."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def main(project: Path, answers: Answers) -> None:
    write_defaults(project, answers)
    remove_unwanted(project, answers)
    write_env(project)
    if not is_thrown_away(project):
        say(next_steps(project))


if __name__ == "__main__":
    main(Path.cwd(), json.loads(r"""{{ cookiecutter | jsonify }}"""))
