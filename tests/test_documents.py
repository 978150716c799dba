"""Commands and links of the documents work, with any answers."""

import itertools
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import template as house
import yaml
from helpers import Bake
from template import PROJECT, ROOT

FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"[\w./-]+\.(?:py|md|toml|json|example)|[\w./-]+/")

QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
FILE_OPTIONS = list(itertools.product([True, False], QUESTIONS["ci"], QUESTIONS["licence"]))


@pytest.fixture(scope="module")
def folders(template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The template itself, and a project of every combination of files."""
    made = [ROOT]
    for use_docker, ci, licence in FILE_OPTIONS:
        answers = {"use_docker": use_docker, "ci": ci, "licence": licence}
        made.append(house.bake(template, tmp_path_factory.mktemp("documents"), answers))
    return made


def documents(folder: Path) -> Iterator[tuple[Path, str]]:
    paths = folder.glob("*.md") if folder == ROOT else folder.rglob("*.md")
    return ((path, path.read_text(encoding="utf-8")) for path in sorted(paths))


def commands(document: str) -> Iterator[list[str]]:
    """Yields every line of code and every `span`, split into words, without comments."""
    lines = [line for block in FENCE.findall(document) for line in block.splitlines()]
    for code in [*lines, *SPAN.findall(FENCE.sub("", document))]:
        try:
            yield shlex.split(code, comments=True)
        except ValueError:
            yield code.split()


def named_targets(document: str) -> set[str]:
    makes = [words[1:] for words in commands(document) if words[:1] == ["make"]]
    return {word for words in makes for word in words if re.fullmatch(r"[a-z][a-z-]*", word)}


def anchors(document: str) -> set[str]:
    """Returns the anchors of the headings."""
    headings = HEADING.findall(FENCE.sub("", document))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}


def targets(folder: Path) -> set[str]:
    """Returns the targets of make in the folder, and for the template also those of the project."""
    homes = [folder, folder / PROJECT]
    found = [home / name for home in homes for name in ("Makefile", "docker.mk")]
    texts = [path.read_text() for path in found if path.exists()]
    return {target for text in texts for target in re.findall(r"(?m)^([a-z-]+):", text)}


def broken_links(path: Path, document: str) -> Iterator[str]:
    for name, anchor in LINK.findall(FENCE.sub("", document)):
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            yield f"{path}: {name}#{anchor}"


def missing_files(path: Path, document: str) -> Iterator[str]:
    for span in SPAN.findall(FENCE.sub("", document)):
        homes = (path.parent / span, path.parent / PROJECT / span)
        if PATH.fullmatch(span) and not any(home.exists() for home in homes):
            yield f"{path}: {span}"


def test_every_manifest_is_yaml(folders: list[Path]) -> None:
    for folder in folders:
        for _, text in documents(folder):
            for manifest in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
                assert isinstance(yaml.safe_load(manifest), dict), manifest


def test_every_named_target_of_make_exists(folders: list[Path]) -> None:
    for folder in folders:
        named = {target for _, text in documents(folder) for target in named_targets(text)}

        assert "test" in named, folder
        assert named - targets(folder) == set(), folder


def test_every_update_with_cruft_skips_its_question(folders: list[Path]) -> None:
    """The question fails with some versions of typer."""
    for folder in folders:
        for path, text in documents(folder):
            assert re.findall(r"cruft update(?!`| --skip-apply-ask).*", text) == [], path


def test_every_link_has_a_target(folders: list[Path]) -> None:
    all_of_them = [each for folder in folders for each in documents(folder)]

    assert [link for path, text in all_of_them for link in broken_links(path, text)] == []


@pytest.mark.parametrize("name", ["AGENTS.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_named_file_exists(folders: list[Path], name: str) -> None:
    all_of_them = [
        (folder / name, (folder / name).read_text(encoding="utf-8")) for folder in folders
    ]

    assert [file for path, text in all_of_them for file in missing_files(path, text)] == []


def test_template_and_projects_have_all_documents(folders: list[Path]) -> None:
    names = (
        *("README.md", "AGENTS.md", "LICENSE", "CHANGELOG.md"),
        *("CONTRIBUTING.md", "SECURITY.md"),
    )

    missing = [f / name for f in folders for name in names if not (f / name).is_file()]
    assert missing == []


def test_vulnerabilities_are_reported_to_the_given_address(bake: Bake) -> None:
    project = bake(email="holes@shop.example.com")

    assert "<holes@shop.example.com>" in (project / "SECURITY.md").read_text()


@pytest.mark.parametrize("as_cookie", [True, False])
def test_commands_send_the_refresh_token_as_the_answer_says(bake: Bake, as_cookie: bool) -> None:
    project = bake(refresh_token_as_cookie=as_cookie)

    for name in ("README.md", "docs/mfa.md"):
        text = (project / name).read_text(encoding="utf-8")
        assert ("-b jar" in text, "\"'$refresh'\"" in text) == (as_cookie, not as_cookie), name


@pytest.mark.parametrize("by_invitation", [True, False])
def test_readme_lists_the_sign_up_unless_users_are_invited(bake: Bake, by_invitation: bool) -> None:
    project = bake(admin_managed_registration=by_invitation)

    readme = (project / "README.md").read_text(encoding="utf-8")
    assert ("| `POST /api/auth/registration/` |" in readme) == (not by_invitation)


def versions() -> dict[str, str]:
    own = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    project = (ROOT / PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    table = project.partition("[tool.gatehouse]")[2]
    newest = re.search(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", changes, re.MULTILINE)
    baked = re.search(r'^version = "(.+)"$', table, re.MULTILINE)
    assert newest
    assert baked
    return {"template": own["project"]["version"], "changes": newest[1], "project": baked[1]}


def test_version_is_the_same_in_all_three_places() -> None:
    assert len(set(versions().values())) == 1, versions()


def test_every_version_describes_the_update() -> None:
    entries = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1:]

    assert entries
    assert [e for e in entries if "**To take it:**" not in e.strip().split("\n\n")[-1]] == []


def test_rates_of_the_document_are_the_defaults() -> None:
    code = (ROOT / PROJECT / "config" / "settings" / "throttling.py").read_text(encoding="utf-8")
    document = (ROOT / PROJECT / "docs" / "limits.md").read_text(encoding="utf-8")

    table = code.partition("DEFAULT_RATES")[2].partition("}")[0]
    rates = dict(re.findall(r'^    "(\w+)": "(\d+/\w+)",$', table, re.MULTILINE))
    assert rates
    assert dict(re.findall(r"^\| `(\w+)` \| (\d+/\w+) \|", document, re.MULTILINE)) == rates
