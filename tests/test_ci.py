"""Files for CI, updates and Compose match their schemas, with no more permissions than needed."""

import itertools
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import Bake, Command
from template import ROOT

COMBINATIONS = list(itertools.product([True, False], ["github", "gitlab", "none"]))
SCHEMAS = {
    ".github/dependabot.yml": ["vendor.dependabot"],
    ".github/workflows/ci.yml": [
        "vendor.github-workflows",
        "custom.github-workflows-require-timeout",
    ],
    ".gitlab-ci.yml": ["vendor.gitlab-ci"],
    "compose.override.yaml": ["vendor.compose-spec"],
    "compose.yaml": ["vendor.compose-spec"],
    "renovate.json": ["vendor.renovate"],
}
UPDATES = Path(".github") / "dependabot.yml"
WORKFLOW = Path(".github") / "workflows" / "ci.yml"
ACTION = re.compile(r"uses: (\S+)@(\S+)(.*)")
PRIVATE_KEY = "-----BEGIN " + "PRIVATE KEY-----\n"
# The servers of the tests hold no data: an unpinned tag brings fixes.
ACCEPTED = {"unpinned-images"}


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def complaints(command: Command, folder: Path) -> str:
    """Returns the errors of the schemas for the files in the folder."""
    results = [
        command(
            *(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, folder / name)
        )
        for name, schemas in SCHEMAS.items()
        for schema in schemas
        if (folder / name).exists()
    ]
    return "".join(result.stdout + result.stderr for result in results if result.returncode)


def findings(command: Command, *paths: Path) -> set[str]:
    """Returns what zizmor finds, including code smells."""
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ("--offline", "--persona=pedantic", "--strict-collection", "--format=json")
    result = command(zizmor, *options, "--no-exit-codes", *paths)
    assert result.returncode == 0, result.stderr
    return {finding["ident"] for finding in json.loads(result.stdout)}


def jobs(project: Path) -> Iterator[dict[str, Any]]:
    """Yields the jobs of GitLab. An entry without a script is a setting or a template."""
    return (job for job in load(project / ".gitlab-ci.yml").values() if "script" in job)


def pins(workflow: Path) -> dict[str, str]:
    return {action: commit for action, commit, _ in ACTION.findall(workflow.read_text())}


@pytest.mark.parametrize(("use_docker", "ci"), COMBINATIONS)
def test_files_match_their_schemas(bake: Bake, command: Command, use_docker: bool, ci: str) -> None:
    assert complaints(command, bake(use_docker=use_docker, ci=ci)) == ""


@pytest.mark.parametrize(("use_docker", "ci"), COMBINATIONS)
def test_an_audit_finds_nothing(bake: Bake, command: Command, use_docker: bool, ci: str) -> None:
    assert findings(command, bake(use_docker=use_docker, ci=ci)) <= ACCEPTED


def test_template_matches_the_schemas_and_passes_the_audit(command: Command) -> None:
    assert complaints(command, ROOT) == ""
    assert findings(command, ROOT / ".github") == set()


@pytest.mark.parametrize("ci", ["github", "gitlab", "none"])
def test_files_of_another_ci_are_removed(bake: Bake, ci: str) -> None:
    project = bake(ci=ci)

    assert (project / ".github").exists() == (ci == "github")
    assert (project / ".gitlab-ci.yml").exists() == (ci == "gitlab")
    assert (project / "renovate.json").exists() == (ci == "gitlab")


@pytest.mark.parametrize("use_docker", [True, False])
def test_image_is_built_and_updated_with_docker_only(bake: Bake, use_docker: bool) -> None:
    project = bake(use_docker=use_docker, ci="github")

    updated = {each["package-ecosystem"] for each in load(project / UPDATES)["updates"]}
    assert ("image" in load(project / WORKFLOW)["jobs"]) == use_docker
    assert ("docker" in updated) == ("docker-compose" in updated) == use_docker


def test_actions_are_pinned_to_a_commit_with_its_version_in_a_comment(bake: Bake) -> None:
    for workflow in (bake(ci="github") / WORKFLOW, ROOT / WORKFLOW):
        used = ACTION.findall(workflow.read_text())
        assert used
        for action, commit, comment in used:
            assert re.fullmatch(r"[0-9a-f]{40}", commit), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_template_and_project_pin_the_same_commits(bake: Bake) -> None:
    """Dependabot cannot update the project's workflow, which is not YAML before rendering."""
    project = pins(bake(ci="github") / WORKFLOW)

    assert project == pins(ROOT / WORKFLOW)


def test_workflows_can_only_read_the_code(bake: Bake) -> None:
    for workflow in map(load, (bake(ci="github") / WORKFLOW, ROOT / WORKFLOW)):
        assert workflow["permissions"] == {"contents": "read"}
        assert [job for job in workflow["jobs"].values() if "permissions" in job] == []
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        checkouts = [step for step in steps if "actions/checkout" in step.get("uses", "")]
        assert len(checkouts) == len(workflow["jobs"])
        assert {step["with"]["persist-credentials"] for step in checkouts} == {False}


def test_every_job_of_gitlab_has_a_timeout(bake: Bake) -> None:
    project = bake(ci="gitlab")

    usual = load(project / ".gitlab-ci.yml")["default"].get("timeout")
    assert all(job.get("timeout", usual) for job in jobs(project))


@pytest.mark.parametrize(("use_docker", "ci"), COMBINATIONS)
def test_every_target_that_is_used_is_in_the_makefile(
    bake: Bake, use_docker: bool, ci: str
) -> None:
    project = bake(use_docker=use_docker, ci=ci)

    names = [*SCHEMAS, ".pre-commit-config.yaml"]
    text = "\n".join((project / n).read_text() for n in names if (project / n).exists())
    asked = set(re.findall(r"^\s*-? *(?:run: |entry: )?make ([a-z-]+)$", text, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (project / "Makefile").read_text(), re.MULTILINE))
    assert asked == ({"check"} if ci == "none" else {"browser", "check", "check-deploy", "test"})
    assert asked <= targets


@pytest.mark.parametrize(("ci", "name"), [("github", WORKFLOW), ("gitlab", ".gitlab-ci.yml")])
def test_job_has_servers_and_a_browser_for_the_tests(bake: Bake, ci: str, name: str | Path) -> None:
    loaded = load(bake(ci=ci) / name)
    test = loaded["jobs"]["test"] if ci == "github" else loaded["test"]

    variables = test.get("env", test.get("variables"))
    assert {"DATABASE_URL", "REDIS_URL", "REQUIRE_BROWSER"} <= variables.keys()
    assert [image.partition(":")[0] for image in images(test)] == ["postgres", "valkey/valkey"]


def images(job: dict[str, Any]) -> list[str]:
    """Returns the images of the job's services, for GitHub and for GitLab."""
    found = job["services"]
    if isinstance(found, dict):
        return [server["image"] for server in found.values()]
    return [one if isinstance(one, str) else one["name"] for one in found]


INSTALLED_SERVERS = """
import re, subprocess
from devtools import wheels
for program in (wheels.postgres() / "bin" / "postgres", wheels.valkey_server()):
    said = subprocess.check_output([program, "--version"], text=True)
    print(re.search(r"(?:PostgreSQL\\) |v=)(\\d+)", said)[1])
"""


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_development_ci_and_production_have_one_version_of_each_server(
    bake: Bake, command: Command, project_python: Path, ci: str
) -> None:
    project = bake(ci=ci, use_docker=True)
    composed = load(project / "compose.yaml")["services"]
    loaded = load(project / (WORKFLOW if ci == "github" else ".gitlab-ci.yml"))
    test = loaded["jobs"]["test"] if ci == "github" else loaded["test"]

    wheels = command(project_python, "-c", INSTALLED_SERVERS, cwd=project).stdout.split()
    production = [composed[name]["image"].partition(":")[2] for name in ("postgres", "redis")]
    tested = [image.partition(":")[2] for image in images(test)]

    assert len(wheels) == 2
    assert production == tested == wheels


def test_folder_of_the_postgresql_data_has_the_major_version(bake: Bake) -> None:
    postgres = load(bake(use_docker=True) / "compose.yaml")["services"]["postgres"]

    [(_, mounted)] = [volume.split(":") for volume in postgres["volumes"]]
    version = postgres["image"].partition(":")[2]
    assert postgres["environment"]["PGDATA"] == f"{mounted}/{version}/docker"


def test_every_container_has_a_memory_limit_and_a_process_limit(bake: Bake) -> None:
    project = bake(use_docker=True)
    files = [load(project / name)["services"] for name in ("compose.yaml", "compose.override.yaml")]

    limits = [
        {"mem_limit", "pids_limit"} - service.keys()
        for services in files
        for service in services.values()
        # An override without an image has the limits of the service that it overrides.
        if "image" in service
    ]
    assert len(limits) == len(files[0]) + 1
    assert not any(limits)


@pytest.mark.parametrize(("ci", "name"), [("github", WORKFLOW), ("gitlab", ".gitlab-ci.yml")])
def test_ci_builds_the_image(bake: Bake, ci: str, name: str | Path) -> None:
    assert "docker build ." in (bake(ci=ci) / name).read_text()


def test_major_versions_of_postgresql_are_not_offered(bake: Bake) -> None:
    renovate = json.loads((bake(ci="gitlab") / "renovate.json").read_text())
    [never] = [rule for rule in renovate["packageRules"] if not rule.get("enabled", True)]
    [composed] = [
        each
        for each in load(bake(ci="github") / UPDATES)["updates"]
        if each["package-ecosystem"] == "docker-compose"
    ]

    assert (never["matchPackageNames"], never["matchUpdateTypes"]) == (["postgres"], ["major"])
    [ignored] = composed["ignore"]
    assert ignored["dependency-name"] == "postgres"


def test_oldest_and_newest_python_are_tested(bake: Bake) -> None:
    project = bake(ci="github")

    oldest = tomllib.loads((project / "pyproject.toml").read_text())["project"]["requires-python"]
    for workflow in (project / WORKFLOW, ROOT / WORKFLOW):
        tested = load(workflow)["jobs"]["test"]["strategy"]["matrix"]["python"]
        assert oldest == f">={tested[0]}"
        assert len(tested) > 1


def test_oldest_and_newest_django_are_tested(bake: Bake) -> None:
    table = tomllib.loads((bake() / "pyproject.toml").read_text())["project"]
    [allowed] = [name for name in table["dependencies"] if name.startswith("django>")]
    lines = load(ROOT / WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["django"]

    major, minor = map(int, lines[-1].split("."))
    assert allowed == f"django>={lines[0]},<{major}.{minor + 1}"


@pytest.mark.parametrize(("words", "times"), [(["DJANGO=5.2"], 1), ([], 0)])
@pytest.mark.usefixtures("project_python")
def test_make_installs_the_named_series_of_django(
    command: Command, words: list[str], times: int
) -> None:
    planned = command("make", "--dry-run", "project", *words).stdout

    assert "scripts/template.py .build" in planned
    assert planned.count("'django==5.2.*'") == times


@pytest.fixture
def repository(bake: Bake, command: Command, project_python: Path) -> Path:
    """A new project with everything staged, and with an environment."""
    project = bake()
    (project / ".venv").symlink_to(project_python.parent.parent)
    command("git", "init", "--quiet", cwd=project)
    command("git", "add", "--all", ":!.venv", cwd=project)
    return project


def pre_commit(command: Command, repository: Path) -> tuple[int, str]:
    # A test of the project checks for missing migrations, with its own servers.
    result = command(
        *(".venv/bin/python", "-m", "pre_commit", "run"), cwd=repository, env={"SKIP": "migrations"}
    )
    return result.returncode, result.stdout


def test_generated_project_can_be_committed(command: Command, repository: Path) -> None:
    assert pre_commit(command, repository)[0] == 0


@pytest.mark.parametrize(
    ("path", "text", "hook"),
    [
        ("core/a.py", "import os\n", "ruff-check"),
        ("core/a.py", "a=1\n", "ruff-format"),
        ("docs/a.md", "<<<<<<< HEAD\n", "merge-conflicts"),
        ("a.pem", PRIVATE_KEY, "private-keys"),
        (".env", "SECRET_KEY=a\n", "env-files"),
        ("deploy/.env.production", "SECRET_KEY=a\n", "env-files"),
    ],
)
def test_faulty_file_is_not_committed(
    command: Command, repository: Path, path: str, text: str, hook: str
) -> None:
    (repository / path).parent.mkdir(exist_ok=True)
    (repository / path).write_text(text)
    command("git", "add", "--force", path, cwd=repository)

    status, said = pre_commit(command, repository)

    assert status == 1
    assert re.findall(r"hook id: (\S+)", said) == [hook]
