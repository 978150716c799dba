"""A project is updated to a later template, and keeps the changes of its owner.

The later template is the current one. The earlier one is the current one with some changes undone.
"""

import json
import re
import shlex
import shutil
import stat
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import post_gen_project as hook
import pytest
import template as house
from helpers import Command, Result, files, runner
from template import PROJECT, questions

CRUFT = (sys.executable, "-m", "cruft")
COOKIECUTTER = (sys.executable, "-m", "cookiecutter")
IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.test" for who in ("AUTHOR", "COMMITTER")},
}
ANSWERS = {
    "default answers": {},
    "other answers": {
        "project_name": "Ada's Läden",
        "project_slug": "shop",
        "domain": "shop.example.com",
        "admin_managed_registration": True,
        "mfa_mode": "required",
        "refresh_token_as_cookie": False,
        "use_docker": False,
        "ci": "none",
        "bench": True,
        "licence": "Proprietary",
    },
}

Edit = tuple[str, str, str]
"""A file, a pattern that matches once in it, and the replacement."""

ENDING = "3. Ending a session deletes its row: its refresh token no longer works."
EARLIER: list[Edit] = [
    (f"{PROJECT}/accounts/flows/devices.py", re.escape(ENDING), "3. Ending a session deletes it."),
    (f"{PROJECT}/.env.example", r"# Send the owner an [^\n]*\n# REPLAY_EMAILS=True\n\n", ""),
    (f"{PROJECT}/.env.example", r"\{\{ cookiecutter\.time_zone \}\}", "UTC"),
    (f"{PROJECT}/Makefile", r"\naudit: .*?\n(?=\n)", ""),
    (f"{PROJECT}/README.md", r"## Extend it\n.*?(?=\n## )", ""),
    (f"{PROJECT}/docs/limits.md", r"\A# Rate limits", "# All limits"),
    (f"{PROJECT}/pyproject.toml", r'"django>=[^"]+"', '"django>=5.1,<5.2"'),
    (f"{PROJECT}/pyproject.toml", r'    "whitenoise[^\n]+\n', ""),
    (
        f"{PROJECT}/pyproject.toml",
        r'(?<=\[tool\.gatehouse\]\n)([^\n]*\nversion = )"[^"]+"',
        r'\1"0.0.9"',
    ),
    # A new question, and its line of config/defaults.json.
    ("hooks/pre_gen_project.py", r'    "time_zone": \([^\n]+\n', ""),
    ("hooks/post_gen_project.py", r'    "TIME_ZONE": "time_zone",\n', ""),
    ("cookiecutter.json", r'  "time_zone": "UTC",\n', ""),
    ("cookiecutter.json", r'    "time_zone": "[^\n]+\n', ""),
]
NEW_TODAY = Path("docs/keys.md")
GONE_TODAY = Path("core/since_removed.py")

REMOVED_BY_OWNER = Path("docs/limits.md")
OWNERS: list[Edit] = [
    (
        "accounts/models/users.py",
        r"\Z",
        "\n\nclass Note(models.Model):\n    text = models.TextField()\n",
    ),
    ("accounts/flows/devices.py", r"(?=    user_agent = )", "    nickname = CharField()\n"),
    (
        "config/urls.py",
        r"(?=    path\(settings\.ADMIN_URL, admin)",
        '    path("", include("invoices")),\n',
    ),
    ("config/settings/base.py", r'(?<=    "accounts",\n)', '    "invoices",\n'),
    ("config/defaults.json", r'(?<=MFA_TOTP_MODE": )"\w+"', '"optional"'),
    ("README.md", r"\A[^\n]+", "# The shop"),
    ("README.md", r"(?=\n## Find your way)", "\n## Pay\n\nInvoices are paid by card.\n"),
    ("pyproject.toml", r'(?<=\nversion = )"0\.1\.0"(?=\ndescription)', '"2.3.1"'),
    ("pyproject.toml", r'(?<="argon2-cffi>=25\.1",\n)', '    "boto3>=1.40",\n'),
    ("pyproject.toml", r"\Z", "\n[tool.coverage.run]\nbranch = true\n"),
    ("Makefile", r"(?=define NEED_PYTHON)", ".PHONY: ship\nship: check\n\t@./ship\n\n"),
    ("templates/mail/message.txt", r"(?<=\{\{ product \}\})(?=\{% if)", "\n1 Lamp Street"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Runs a program that must succeed."""
    bare = runner(tmp_path_factory.mktemp("home"))

    def succeed(*words: str | Path, cwd: Path, stdin: str = "") -> Result:
        result = bare(*words, cwd=cwd, stdin=stdin, env=IDENTITY)
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    return succeed


def edit(folder: Path, edits: Iterable[Edit]) -> None:
    for name, found, instead in edits:
        text = (folder / name).read_text(encoding="utf-8")
        changed, times = re.subn(found, instead, text, flags=re.DOTALL)
        assert times == 1, f"{found} is in {name} {times} times"
        (folder / name).write_text(changed, encoding="utf-8")


def commit(run: Command, folder: Path, message: str) -> None:
    if not (folder / ".git").exists():
        run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", message, cwd=folder)


@pytest.fixture(scope="module")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory, run: Command) -> Path:
    """The template as a repository: an earlier state, tagged ``v0.0.9``, and the current one."""
    folder = tmp_path_factory.mktemp("repository") / "gatehouse"
    shutil.copytree(template, folder)
    edit(folder, EARLIER)
    (folder / PROJECT / NEW_TODAY).unlink()
    (folder / PROJECT / GONE_TODAY).write_text('"""No longer used."""\n')
    commit(run, folder, "Earlier")
    run("git", "tag", "v0.0.9", cwd=folder)
    (folder / PROJECT / GONE_TODAY).unlink()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    commit(run, folder, "Today")
    return folder


def create(run: Command, repository: Path, output: Path, answers: dict[str, object]) -> Path:
    """Generates a project of the earlier template with cruft, without a commit."""
    run(
        *(*CRUFT, "create", repository, "--checkout", "v0.0.9", "--output-dir", output),
        *("--no-input", "--extra-context", json.dumps(answers)),
        cwd=output,
    )
    return output / str(answers.get("project_slug", "my_product"))


def make_it_ones_own(project: Path) -> None:
    edit(project, OWNERS)
    (project / REMOVED_BY_OWNER).unlink()
    (project / "invoices").mkdir()
    (project / "invoices" / "__init__.py").touch()
    (project / "invoices" / "models.py").write_text("# Invoices.\n")


def update(run: Command, project: Path) -> Result:
    return run(*CRUFT, "update", "--skip-apply-ask", cwd=project)


@pytest.fixture(scope="module")
def made(run: Command, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the earlier template with the default answers. Tests use copies of it."""
    return create(run, repository, tmp_path_factory.mktemp("made"), {})


@pytest.fixture
def fresh(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / made.name))


@dataclass
class Updated:
    project: Path
    answers: dict[str, object]
    env: str
    verdicts: list[int]
    said: str


@pytest.fixture(scope="module", params=list(ANSWERS.values()), ids=list(ANSWERS))
def updated(
    request: pytest.FixtureRequest,
    run: Command,
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Updated:
    """A project with many changes of its owner, after ``cruft update``."""
    project = create(run, repository, tmp_path_factory.mktemp("updated"), request.param)
    commit(run, project, "Start from Gatehouse")
    make_it_ones_own(project)
    commit(run, project, "Invoices")
    with (project / ".env").open("a", encoding="utf-8") as env:
        env.write("SENTRY_DSN=https://secret@sentry.example.com/1\n")
    secrets = (project / ".env").read_text(encoding="utf-8")
    check = runner(tmp_path_factory.mktemp("check"))
    before = check(*CRUFT, "check", cwd=project).returncode
    said = update(run, project)
    after = check(*CRUFT, "check", cwd=project).returncode
    return Updated(project, request.param, secrets, [before, after], said.stdout + said.stderr)


def everything(project: Path) -> dict[Path, bytes]:
    """Returns all files except those of git."""
    found = (path for path in files(project) if path.parts[0] != ".git")
    return {path: (project / path).read_bytes() for path in found}


def contents(project: Path) -> dict[Path, bytes]:
    """Returns all files except those of git and cruft, and the secrets."""
    of_its_own = {".cruft.json", ".env"}
    return {path: text for path, text in everything(project).items() if path.name not in of_its_own}


def test_updated_project_is_the_current_one_with_the_changes_of_its_owner(
    updated: Updated, template: Path, tmp_path: Path
) -> None:
    expected = house.bake(template, tmp_path, updated.answers)
    make_it_ones_own(expected)

    found, wanted = contents(updated.project), contents(expected)

    assert found.keys() == wanted.keys()
    assert [path for path in found if found[path] != wanted[path]] == []


def test_changes_of_different_lines_leave_no_conflict(updated: Updated, run: Command) -> None:
    states = run("git", "status", "--short", cwd=updated.project).stdout.splitlines()

    assert [state for state in states if "U" in state[:2] or state.endswith(".rej")] == []
    assert [path for path, text in contents(updated.project).items() if b"<<<<<<<" in text] == []


def test_update_keeps_env(updated: Updated) -> None:
    env = updated.project / ".env"

    assert env.read_text(encoding="utf-8") == updated.env
    assert stat.S_IMODE(env.stat().st_mode) == 0o600


def test_file_that_the_owner_removed_does_not_come_back(updated: Updated) -> None:
    assert not (updated.project / REMOVED_BY_OWNER).exists()


def test_files_are_added_and_removed_with_the_template(updated: Updated) -> None:
    assert (updated.project / NEW_TODAY).exists()
    assert not (updated.project / GONE_TODAY).exists()


def test_changed_switch_is_kept_and_new_one_is_added(updated: Updated) -> None:
    defaults = json.loads((updated.project / "config" / "defaults.json").read_text())

    assert defaults["JWT_ALLAUTH_MFA_TOTP_MODE"] == "optional"
    assert defaults["TIME_ZONE"] == "UTC"
    assert defaults["JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE"] == updated.answers.get(
        "refresh_token_as_cookie", True
    )


def test_pyproject_has_the_new_template_version_and_keeps_the_project_version(
    updated: Updated,
) -> None:
    table = tomllib.loads((updated.project / "pyproject.toml").read_text(encoding="utf-8"))

    assert table["project"]["version"] == "2.3.1"
    assert table["tool"]["gatehouse"]["version"] == version(house.ROOT / "pyproject.toml")


def test_cruft_check_tells_whether_there_is_an_update(updated: Updated) -> None:
    assert updated.verdicts == [1, 0]


def test_git_diff_shows_an_update_that_is_not_committed(updated: Updated, run: Command) -> None:
    shown = run("git", "diff", "HEAD", "--name-only", cwd=updated.project).stdout.splitlines()

    assert {str(NEW_TODAY), str(GONE_TODAY), ".cruft.json", "Makefile"} <= set(shown)


def test_update_does_not_print_the_first_steps(updated: Updated) -> None:
    assert "make run" not in updated.said
    assert "git init" not in updated.said


def test_line_that_both_changed_has_both_versions_and_is_a_conflict_in_git(
    fresh: Path, run: Command
) -> None:
    commit(run, fresh, "Start from Gatehouse")
    edit(fresh, [("accounts/flows/devices.py", r"3\. Ending a session deletes it", "3. All")])
    commit(run, fresh, "Mine")

    update(run, fresh)

    flow = (fresh / "accounts" / "flows" / "devices.py").read_text()
    states = run("git", "status", "--short", cwd=fresh).stdout.splitlines()
    assert re.search(rf"<<<<<<< ours\n3\. All\.\n=======\n{re.escape(ENDING)}\n>>>>>>>", flow)
    assert [state for state in states if "U" in state[:2]] == ["UU accounts/flows/devices.py"]


@pytest.mark.parametrize("as_made_first", [True, False])
def test_update_with_conflicts_can_be_undone(
    fresh: Path, run: Command, as_made_first: bool
) -> None:
    if as_made_first:
        commit(run, fresh, "Start from Gatehouse")
    edit(fresh, [("accounts/flows/devices.py", r"3\. Ending a session deletes it", "3. All")])
    commit(run, fresh, "Mine")
    before = everything(fresh)
    update(run, fresh)

    run("git", "reset", "--quiet", "--hard", cwd=fresh)
    run("git", "clean", "--quiet", "-df", cwd=fresh)

    assert everything(fresh) == before


def test_without_a_first_commit_the_rejected_part_is_in_a_rej_file(
    fresh: Path, run: Command
) -> None:
    edit(fresh, [("accounts/flows/devices.py", r"3\. Ending a session deletes it", "3. All")])
    commit(run, fresh, "Start from Gatehouse, and mine")
    mine = (fresh / "accounts" / "flows" / "devices.py").read_text()

    update(run, fresh)

    assert (fresh / "accounts" / "flows" / "devices.py").read_text() == mine
    assert f"+{ENDING}" in (fresh / "accounts" / "flows" / "devices.py.rej").read_text()
    assert [path for path in files(fresh) if path.suffix == ".rej"] == [
        Path("accounts/flows/devices.py.rej")
    ]
    assert (fresh / NEW_TODAY).exists()


def test_skipped_file_is_unchanged(fresh: Path, run: Command) -> None:
    edit(fresh, [("pyproject.toml", r'skip = \["\.env"\]', 'skip = [".env", "README.md"]')])
    (fresh / "README.md").write_text("# The shop\n")
    commit(run, fresh, "Start from Gatehouse, with a README of our own")

    update(run, fresh)

    assert (fresh / "README.md").read_text() == "# The shop\n"
    assert list(fresh.rglob("*.rej")) == []


def shown_command(run: Command, project: Path, name: str, program: str) -> list[str]:
    """The words after the program in a command that ``make features`` shows for a feature."""
    listed = run(sys.executable, "-m", "devtools.features", cwd=project).stdout
    command = re.search(rf"  {name}: .*\n(?:    .*\n)*?    .*: {program} (.*)\n", listed)
    assert command
    return shlex.split(command[1])


def change_feature(run: Command, project: Path, name: str, *options: str) -> None:
    """Adds or removes it."""
    run(*CRUFT, *shown_command(run, project, name, "cruft"), *options, cwd=project)


def test_a_feature_that_is_removed_stays_away_until_it_is_added_again(
    fresh: Path, run: Command, template: Path, tmp_path: Path
) -> None:
    commit(run, fresh, "Start from Gatehouse")
    make_it_ones_own(fresh)
    commit(run, fresh, "Invoices")

    def expected(name: str, **answers: object) -> dict[Path, bytes]:
        project = house.bake(template, tmp_path / name, answers)
        make_it_ones_own(project)
        return contents(project)

    change_feature(run, fresh, "docker", "--checkout", "v0.0.9")
    commit(run, fresh, "Without Docker")
    assert not (fresh / "Dockerfile").exists()
    update(run, fresh)
    commit(run, fresh, "Today's template")
    assert contents(fresh) == expected("without", use_docker=False)

    for name in ("bench", "docker"):
        change_feature(run, fresh, name)
        commit(run, fresh, f"With {name}")
    assert contents(fresh) == expected("with", bench=True)


def test_a_feature_whose_files_the_owner_changed_is_removed_once_they_are_deleted(
    fresh: Path, run: Command, template: Path, tmp_path: Path
) -> None:
    """git deletes no file that has changed. Some of these files are those of absent features."""
    commit(run, fresh, "Start from Gatehouse")
    with (fresh / "account_pages" / "views.py").open("a", encoding="utf-8") as file:
        file.write("# Mine.\n")
    commit(run, fresh, "Mine")

    run("git", *shown_command(run, fresh, "account_pages", "git"), cwd=fresh)
    commit(run, fresh, "Without my pages")
    change_feature(run, fresh, "account_pages")

    without = house.bake(template, tmp_path / "w", {"account_pages": False})
    assert contents(fresh) == contents(without)


def add_app(project: Path) -> None:
    """Adds lines where ``make new-app`` adds them."""
    for name in ("config/settings/base.py", "config/urls.py", "pyproject.toml"):
        text = (project / name).read_text(encoding="utf-8")
        mark = r"(?m)^( *)# make new-app adds apps here\n"
        (project / name).write_text(re.sub(mark, r'\g<0>\1"shop",\n', text), encoding="utf-8")


def test_features_are_added_and_removed_beside_an_app_of_the_owner(
    fresh: Path, run: Command
) -> None:
    commit(run, fresh, "Start from Gatehouse")
    add_app(fresh)
    commit(run, fresh, "Shop")

    for name in ("api_tokens", "account_pages"):
        change_feature(run, fresh, name)
        assert "UU" not in run("git", "status", "--short", cwd=fresh).stdout
        commit(run, fresh, name)

    pyproject = (fresh / "pyproject.toml").read_text(encoding="utf-8")
    assert pyproject.count('    "shop",\n') == 3
    assert pyproject.count('    "api_tokens",\n') == 4


def test_a_feature_is_added_by_another_answer_while_the_others_are_kept(
    run: Command, repository: Path, template: Path, tmp_path: Path
) -> None:
    answers = ANSWERS["other answers"]
    project = create(run, repository, tmp_path, answers)
    commit(run, project, "Start from Gatehouse")
    given = "".join("y\n" if name == "use_docker" else "\n" for name in questions())

    asks = ("--cookiecutter-input", "--skip-apply-ask")
    run(*CRUFT, "update", *asks, cwd=project, stdin=given)

    today = house.bake(template, tmp_path / "today", {**answers, "use_docker": True})
    assert contents(project) == contents(today)
    kept = json.loads((project / ".cruft.json").read_text())["context"]["cookiecutter"]
    assert kept["use_docker"] is True
    assert kept["mfa_mode"] == "required"


def link(run: Command, project: Path, repository: Path, *options: str) -> Result:
    """Gives the default answers, and returns what differs from the template."""
    enter = "\n" * (len(questions()) + 1)
    run(*CRUFT, "link", repository, *options, cwd=project, stdin=enter)
    return run(*CRUFT, "diff", "--exit-code", cwd=project)


def test_project_that_cookiecutter_has_just_generated_is_linked(
    run: Command, repository: Path, tmp_path: Path
) -> None:
    made = house.bake(repository, tmp_path, {})
    commit(run, made, "Start from Gatehouse")

    assert link(run, made, repository).stdout == ""


def test_older_project_is_linked_to_the_commit_of_its_time_and_updated(
    fresh: Path, run: Command, repository: Path
) -> None:
    (fresh / ".cruft.json").unlink()
    commit(run, fresh, "Start from Gatehouse")
    then = run("git", "rev-parse", "v0.0.9", cwd=repository).stdout.strip()

    linked = link(run, fresh, repository, "--checkout", then)
    commit(run, fresh, "Link to Gatehouse")
    update(run, fresh)

    assert linked.stdout == ""
    assert (fresh / NEW_TODAY).exists()


def test_without_cruft_a_branch_with_the_generated_files_is_merged(
    fresh: Path, run: Command, repository: Path, template: Path, tmp_path: Path
) -> None:
    (fresh / ".cruft.json").unlink()
    commit(run, fresh, "Start from Gatehouse")
    start = run("git", "rev-parse", "HEAD", cwd=fresh).stdout.strip()
    edit(fresh, OWNERS)
    commit(run, fresh, "Invoices")
    branch = tmp_path / "gatehouse" / fresh.name

    run("git", "worktree", "add", "-b", "gatehouse", branch, start, cwd=fresh)
    run("git", "rm", "-rq", ".", cwd=branch)
    again = ("--overwrite-if-exists", "--output-dir", branch.parent)
    run(*COOKIECUTTER, repository, *again, cwd=tmp_path, stdin="\n" * len(questions()))
    commit(run, branch, "Gatehouse")
    run("git", "merge", "--no-edit", "gatehouse", cwd=fresh)

    expected = house.bake(template, tmp_path / "expected", {})
    edit(expected, OWNERS)
    assert contents(fresh) == contents(expected)


def version(pyproject: Path) -> str:
    return str(tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["version"])


@pytest.mark.parametrize(
    ("folder", "passing"),
    [
        ("tmpab12_xyz/shop", True),
        ("tmp.Ab12Xyz890/shop", False),
        ("tmpab12_xyz/deeper/shop", False),
        ("projects/shop", False),
    ],
)
def test_only_a_temporary_folder_of_python_is_recognised_as_thrown_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, passing: bool
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert hook.is_thrown_away(tmp_path / folder) == passing
