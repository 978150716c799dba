"""A feature is included or left out as a whole, by an answer."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import post_gen_project as hook
import pre_gen_project
import pytest
import template as house
from helpers import Bake, Command, Result, files, texts
from template import PROJECT, ROOT, every_feature, features, no_feature

FEATURES = features()
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
PROJECTS = {
    "every feature": every_feature(),
    "no feature": no_feature(),
    "default answers": {},
    **{f"without {name}": every_feature() | FEATURES[name]["remove"] for name in FEATURES},
    **{f"only {name}": no_feature() | FEATURES[name]["add"] for name in FEATURES},
}
# What the text of a project calls a feature.
WORDS = {
    "docker": r"docker|compose",
    "github": r"github (actions|ci)|on github|dependabot",
    "gitlab": r"gitlab.ci|on gitlab|renovate",
    "api_tokens": r"api.?tokens?\b|tokens?.(for|of).programs?|token_not_allowed",
    "passkeys": r"passkey|webauthn|fido2",
    "account_pages": r"account.pages|account.sections",
    "bench": r"\bbench\b|benchmark",
    "social_login": r"social.login|social/|openid|sign(ing)? in with a provider",
}
# A host, the kind of registry that images come from, and a variable of the image of PostgreSQL.
OTHER_MEANINGS = re.compile(
    r'host\.docker\.internal|"matchDatasources": \["docker"\]|POSTGRES_PASSWORD: postgres'
)
OPENING = r"(?P<indent> *)(?:(?:#|//) feature: (?P<name>\w+)|<!-- feature: (?P<html>\w+) -->)"
CLOSING = r" *(?:(?:#|//) end feature|<!-- end feature -->)"


@pytest.fixture(scope="module", params=PROJECTS.values(), ids=list(PROJECTS))
def project(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return house.bake(template, tmp_path_factory.mktemp("features"), request.param)


def record(project: Path) -> dict[str, dict[str, Any]]:
    text = (project / "features.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def left_out(project: Path) -> list[str]:
    return [name for name, feature in record(project).items() if not feature["included"]]


def marked(text: str) -> Iterator[tuple[str, str]]:
    """The features of the marks of a text, with their lines."""
    opened = ""
    lines: list[str] = []
    for line in text.splitlines():
        if mark := re.fullmatch(OPENING, line):
            assert not opened, f"{line} is inside {opened}"
            opened, lines = mark["name"] or mark["html"], []
        elif re.fullmatch(CLOSING, line):
            assert opened, line
            yield opened, "\n".join(lines)
            opened = ""
        else:
            assert not re.search(r"(#|//|<!--) ?(end )?feature\b", line), line
            lines.append(line)
    assert not opened, opened


# The manifest.


def test_the_manifest_is_written_as_the_hook_writes_it() -> None:
    text = (ROOT / PROJECT / "features.json").read_text(encoding="utf-8")

    assert text == json.dumps(FEATURES, indent=2) + "\n"
    assert all(feature["included"] for feature in FEATURES.values())


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_described_and_its_parts_exist(name: str) -> None:
    feature, folder = FEATURES[name], ROOT / PROJECT

    assert set(feature) == set(FEATURES["docker"])
    assert [path for path in feature["paths"] if not (folder / path).exists()] == []
    assert (folder / feature["docs"]).is_file()
    assert set(feature["requires"]) <= FEATURES.keys() - {name}


@pytest.mark.parametrize("name", FEATURES)
def test_the_answers_of_a_feature_are_answers_to_its_question(name: str) -> None:
    add, remove = FEATURES[name]["add"], FEATURES[name]["remove"]

    assert add.keys() == remove.keys()
    assert add != remove
    for question, answer in [*add.items(), *remove.items()]:
        choices = QUESTIONS[question]
        assert answer in (choices if isinstance(choices, list) else [True, False])


def test_a_feature_names_the_files_that_have_lines_of_it(template: Path) -> None:
    found: dict[str, set[str]] = {name: set() for name in FEATURES}
    for path, text in texts(template / PROJECT):
        if path != Path("features.json"):
            for name, _ in marked(text):
                found[name].add(path.as_posix())

    assert found == {name: set(feature["named_in"]) for name, feature in FEATURES.items()}


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_names_the_settings_and_dependencies_that_its_lines_have(name: str) -> None:
    def lines(file: str) -> str:
        text = (ROOT / PROJECT / file).read_text(encoding="utf-8")
        return "\n".join(lines for each, lines in marked(text) if each == name)

    settings = re.findall(r"(?m)^(?:# )?([A-Z][A-Z_]+)=", lines(".env.example"))
    dependencies = re.findall(r'(?m)^ +"([\w-]+)[^"]*[<>=][^"]*",', lines("pyproject.toml"))
    assert sorted(settings) == sorted(FEATURES[name]["settings"])
    assert sorted(dependencies) == sorted(FEATURES[name]["dependencies"])


def test_no_file_of_docker_or_a_ci_is_forgotten() -> None:
    docker = ("Dockerfile*", ".dockerignore", "docker*", "compose*", "deploy/*")
    optional = (*docker, ".gitlab*", ".github/**/*", "renovate*")
    found = {path for pattern in optional for path in (ROOT / PROJECT).glob(pattern)}

    names = {path.relative_to(ROOT / PROJECT).as_posix() for path in found if path.is_file()}
    assert names <= {path for feature in FEATURES.values() for path in feature["paths"]}


def test_what_a_feature_requires_is_refused_when_it_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    required = [
        (feature["add"], FEATURES[other]["add"])
        for feature in FEATURES.values()
        for other in feature["requires"]
    ]
    assert list(pre_gen_project.REQUIREMENTS) == required

    needs = (({"social_login": True}, {"account_pages": True}),)
    monkeypatch.setattr(pre_gen_project, "REQUIREMENTS", needs)
    good = {name: example for name, (_, example) in pre_gen_project.RULES.items()}
    both = good | {"social_login": True, "account_pages": True}
    one = both | {"account_pages": False}
    neither = one | {"social_login": False}

    assert list(pre_gen_project.problems(both)) == list(pre_gen_project.problems(neither)) == []
    assert list(pre_gen_project.problems(one)) == [
        "social_login=True requires account_pages=True: change one of the two."
    ]


# The hook.


@pytest.mark.parametrize(
    ("begin", "end"), [("# ", ""), ("    # ", ""), ("  // ", ""), ("<!-- ", " -->")]
)
@pytest.mark.parametrize(("answer", "kept"), [(True, "a\nb\n\nc\nd\n"), (False, "a\nd\n")])
def test_marks_go_and_their_lines_follow_the_answer(
    tmp_path: Path, begin: str, end: str, answer: bool, kept: str
) -> None:
    mark, close = f"{begin}feature: pins{end}\n", f"{begin}end feature{end}\n"
    (tmp_path / "file").write_text(f"a\n{mark}b\n\n{close}{mark}c\n{close}d\n", encoding="utf-8")
    manifest(tmp_path, paths=[], named_in=["file", "missing"])

    hook.apply_features(tmp_path, {"pins": answer, "other": []})

    assert (tmp_path / "file").read_text() == kept
    assert record(tmp_path)["pins"]["included"] == answer


def manifest(folder: Path, **parts: list[str]) -> None:
    feature = {"add": {"pins": True}, "included": True, **parts}
    (folder / "features.json").write_text(json.dumps({"pins": feature}))


def test_files_and_folders_that_are_left_out_go_with_the_folders_that_become_empty(
    tmp_path: Path,
) -> None:
    for name in ("pins/tests/a.py", "deep/er/one", "shared/one", "shared/other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    manifest(tmp_path, named_in=[], paths=["pins", "deep/er/one", "shared/one", "gone/already"])

    hook.apply_features(tmp_path, {"pins": False})

    assert [str(path) for path in files(tmp_path)] == ["features.json", "shared/other"]
    assert not (tmp_path / "pins").exists()
    assert not (tmp_path / "deep").exists()


# Projects.


def test_no_mark_is_left(project: Path) -> None:
    assert [
        path for path, text in texts(project) if re.search(r"feature: \w|end feature", text)
    ] == []


def test_a_project_has_the_files_of_its_features(project: Path, template: Path) -> None:
    removed = [project / path for name in left_out(project) for path in FEATURES[name]["paths"]]
    everything = {*files(template / PROJECT), Path(".env")}

    gone = {
        f for f in everything if any(p in {project / f, *(project / f).parents} for p in removed)
    }
    assert set(files(project)) == everything - gone
    # No folder is left empty.
    assert [
        folder for folder in project.rglob("*") if folder.is_dir() and not any(folder.iterdir())
    ] == []


def test_nothing_names_what_is_left_out(project: Path) -> None:
    patterns = [pattern for name in left_out(project) for pattern in names_of(name)]
    gone = re.compile("|".join(patterns) or "(?!)")
    found = [
        f"{path}:{number}: {line}"
        for path, text in texts(project)
        if path != Path("features.json")
        for number, line in enumerate(text.splitlines(), 1)
        if gone.search(OTHER_MEANINGS.sub("", line))
    ]

    assert found == []


def names_of(name: str) -> Iterator[str]:
    """Patterns that find a feature, its files, settings and dependencies in a text."""
    feature = FEATURES[name]
    yield f"(?i:{WORDS[name]})"
    yield from (rf"(?<![\w./-]){re.escape(Path(path).name)}\b" for path in feature["paths"])
    yield from (rf"\b{each}\b" for each in [*feature["settings"], *feature["dependencies"]])


def test_make_lists_what_is_in_and_how_to_change_it(project: Path, command: Command) -> None:
    listed = command("python3", "-m", "devtools.features", cwd=project).stdout

    included, _, rest = listed.partition("Not included:\n")
    for name, feature in record(project).items():
        answers = feature["remove" if feature["included"] else "add"]
        part = included if feature["included"] else rest
        assert f"  {name}: {feature['description']}" in part
        assert f"update --skip-apply-ask --variables-to-update '{json.dumps(answers)}'" in part


def test_a_second_bake_with_other_answers_changes_what_is_included(bake: Bake) -> None:
    before = bake(**no_feature())
    assert left_out(before) == [*FEATURES]

    after = bake(**every_feature())

    assert after == before
    assert left_out(after) == ["gitlab"]
    assert (after / "bench").is_dir()


def make(command: Command, project: Path, python: Path, *targets: str) -> Result:
    """Runs make with the environment of the project in ``.build/``, which it does not change."""
    (project / ".venv").symlink_to(python.parent.parent)
    cache = {"MYPY_CACHE_DIR": str(python.parents[2] / ".mypy_cache")}
    return command("make", "--old-file=.venv/.ready", *targets, cwd=project, env=cache)


@pytest.mark.parametrize(
    "answers",
    [each for name, each in PROJECTS.items() if not name.startswith(("default", "only"))],
    ids=[name for name in PROJECTS if not name.startswith(("default", "only"))],
)
def test_the_checks_of_a_project_pass_without_a_feature(
    bake: Bake, command: Command, project_python: Path, answers: dict[str, object]
) -> None:
    """The first features change no code that runs, so the suite runs for all and none of them:
    ``make test``."""
    project = bake(**answers)

    result = make(command, project, project_python, "check")

    assert result.returncode == 0, result.stdout + result.stderr
    assert tomllib.loads((project / "pyproject.toml").read_text())
