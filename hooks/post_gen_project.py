"""Applies the answers: sets switches, removes features, and generates secrets."""

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
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
    "PROJECT_SLUG": "project_slug",
    "TIME_ZONE": "time_zone",
}
# The lines of a feature in another file, between two marks.
MARKED = re.compile(r"(?m)^[ <!#/-]+feature: (\w+).*\n((?:.*\n)*?)[ <!#/-]+end feature.*\n")
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


def apply_features(project: Path, answers: Answers) -> None:
    """Removes the features that the answers exclude, and records in features.json which remain."""
    record = project / "features.json"
    features = json.loads(record.read_bytes())
    for feature in features.values():
        feature["included"] = feature["add"].items() <= answers.items()
        for name in () if feature["included"] else feature["paths"]:
            remove(project / name)
    marked = {project / name for feature in features.values() for name in feature["named_in"]}
    for file in filter(Path.exists, marked):
        text = file.read_bytes().decode()
        file.write_bytes(MARKED.sub(lambda m: m[2] * features[m[1]]["included"], text).encode())
    record.write_bytes(json.dumps(features, indent=2).encode() + b"\n")


def remove(path: Path) -> None:
    """Removes a file or a folder, and the folders that become empty."""
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.removedirs(path.parent)


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
    apply_features(project, answers)
    write_env(project)
    if not is_thrown_away(project):
        say(next_steps(project))


if __name__ == "__main__":
    main(Path.cwd(), json.loads(r"""{{ cookiecutter | jsonify }}"""))
