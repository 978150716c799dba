"""A feature that is a Django app is included or left out like any other.

The template gets a small one here: a guestbook with a model, a migration, an endpoint, a setting
and a test.
"""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import template as house
from cookiecutter.exceptions import FailedHookException
from helpers import Command, files
from template import PROJECT, every_feature

APP = {
    "__init__.py": "",
    "README.md": "# Guestbook\n\nUsers sign it at `/api/guestbook/`.\n",
    "models.py": """\
from django.conf import settings
from django.db import models


class Entry(models.Model):
    text = models.CharField(max_length=200)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return self.text
""",
    "migrations/__init__.py": "",
    "migrations/0001_initial.py": """\
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                )),
                ("text", models.CharField(max_length=200)),
                ("author", models.ForeignKey(
                    on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL
                )),
            ],
        ),
    ]
""",
    "urls.py": """\
from django.urls import path

from guestbook.views import EntryList

urlpatterns = [path("", EntryList.as_view(), name="guestbook")]
""",
    "views.py": """\
from typing import Any

from rest_framework.generics import ListCreateAPIView
from rest_framework.serializers import BaseSerializer, ModelSerializer

from accounts.api.authentication import LiveSessionAuthentication
from accounts.api.permissions import IsEmailVerified
from guestbook.models import Entry


class EntrySerializer(ModelSerializer[Entry]):
    class Meta:
        model = Entry
        fields = ("text",)


class EntryList(ListCreateAPIView[Entry]):
    authentication_classes = (LiveSessionAuthentication,)
    permission_classes = (IsEmailVerified,)
    serializer_class = EntrySerializer
    queryset = Entry.objects.order_by("pk")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        serializer.save(author=self.request.user)
""",
    "tests/__init__.py": "",
    "tests/test_guestbook.py": """\
from accounts.models import User
from guestbook.models import Entry
from tests.client import Browser


def test_a_user_signs_the_guestbook(user: User, signed_in: Browser) -> None:
    response = signed_in.call("post", "guestbook", {"text": "Hello"})

    assert response.status_code == 201
    assert [(entry.text, entry.author) for entry in Entry.objects.all()] == [("Hello", user)]
""",
}
FEATURE = {
    "description": "A guestbook",
    "add": {"guestbook": True},
    "remove": {"guestbook": False},
    "paths": ["guestbook"],
    "named_in": [
        ".env.example",
        "README.md",
        "config/settings/base.py",
        "config/urls.py",
        "pyproject.toml",
    ],
    "dependencies": [],
    "settings": ["GUESTBOOK_OPEN"],
    "docs": "guestbook/README.md",
    "requires": ["docker"],
    "included": True,
}
ROUTE = '    path(f"{settings.API_URL}guestbook/", include("guestbook.urls")),\n'
# A file, the line in it after which the lines of the feature are, and these.
LINES = [
    (".env.example", "# DEFAULT_FROM_EMAIL=", "# GUESTBOOK_OPEN=True\n"),
    ("README.md", "config/ +wiring", "guestbook/   what visitors write\n"),
    ("config/settings/base.py", '    "accounts",', '    "guestbook",\n'),
    ("config/urls.py", r"    path\(settings\.ADMIN_URL, admin", ROUTE),
    ("pyproject.toml", r"root_packages = \[", '    "guestbook",\n'),
    ("pyproject.toml", r'layers = \[\n    "config",', '    "guestbook",\n'),
    ("pyproject.toml", r'type = "independence"\nmodules = \[(?!")', '    "guestbook",\n'),
]
REQUIREMENTS = "REQUIREMENTS: tuple[tuple[Answers, Answers], ...] = ("


def add_lines(file: Path, after: str, lines: str) -> None:
    begin, end = ("<!-- ", " -->") if file.suffix == ".md" else ("# ", "")
    marked = f"{begin}feature: guestbook{end}\n{lines}{begin}end feature{end}\n"
    text, times = re.subn(f"{after}.*\n", lambda found: found[0] + marked, file.read_text())
    assert times == 1, f"{after} is in {file} {times} times"
    file.write_text(text)


@pytest.fixture(scope="module")
def extended(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the template with the feature ``guestbook``, which requires ``docker``."""
    copy = tmp_path_factory.mktemp("extended") / "template"
    shutil.copytree(template, copy)
    for name, text in APP.items():
        file = copy / PROJECT / "guestbook" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for name, after, lines in LINES:
        add_lines(copy / PROJECT / name, after, lines)
    for file, change in (
        (copy / "cookiecutter.json", {"guestbook": False}),
        (copy / PROJECT / "features.json", {"guestbook": FEATURE}),
    ):
        file.write_text(json.dumps(json.loads(file.read_text()) | change, indent=2) + "\n")
    pre_gen = copy / "hooks" / "pre_gen_project.py"
    text = pre_gen.read_text()
    assert REQUIREMENTS in text
    required = '({"guestbook": True}, {"use_docker": True}),'
    pre_gen.write_text(text.replace(REQUIREMENTS, REQUIREMENTS + required))
    return copy


def test_an_app_that_is_included_is_checked_and_tested_with_the_project(
    extended: Path, tmp_path: Path, command: Command, project_python: Path
) -> None:
    project = house.bake(extended, tmp_path, {"guestbook": True})
    (project / ".venv").symlink_to(project_python.parent.parent)

    run = ("make", "--old-file=.venv/.ready")
    checked = command(*run, "check", cwd=project)
    tested = command(*run, "test", "ARGS=-n 0 guestbook tests/core/test_start.py", cwd=project)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "GUESTBOOK_OPEN" in (project / ".env").read_text()


def test_accounts_may_not_import_the_app(
    extended: Path, tmp_path: Path, command: Command, project_python: Path
) -> None:
    project = house.bake(extended, tmp_path, {"guestbook": True})
    with (project / "accounts" / "sign_in.py").open("a") as file:
        file.write("\n\nfrom guestbook import models as models\n")

    linted = command(project_python.parent / "lint-imports", cwd=project)

    assert linted.returncode == 1
    assert re.search(r"accounts\.sign_in -> guestbook", linted.stdout)


@pytest.mark.parametrize(
    ("feature", "other"), [("guestbook", "passkeys"), ("passkeys", "guestbook")]
)
def test_no_feature_may_import_another(
    extended: Path,
    tmp_path: Path,
    command: Command,
    project_python: Path,
    feature: str,
    other: str,
) -> None:
    project = house.bake(extended, tmp_path, {"guestbook": True, "passkeys": True})
    (project / feature / "more.py").write_text(f"from {other} import models as models\n")

    linted = command(project_python.parent / "lint-imports", cwd=project)

    assert linted.returncode == 1
    assert "No feature imports another feature BROKEN" in linted.stdout
    assert f"{feature} is not allowed to import {other}" in linted.stdout


def test_every_feature_that_is_an_app_is_kept_apart_from_the_others() -> None:
    project = house.ROOT / PROJECT
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (contract,) = [each for each in contracts if each["name"].startswith("No feature imports")]

    assert contract["type"] == "independence"
    assert {*contract["modules"]} == {
        name for name in house.features() if (project / name / "apps.py").exists()
    }


def test_a_project_without_the_app_is_as_if_it_had_never_been_there(
    extended: Path, template: Path, tmp_path: Path
) -> None:
    answers = every_feature()
    without = house.bake(extended, tmp_path / "without", {**answers, "guestbook": False})
    never = house.bake(template, tmp_path / "never", answers)

    assert [*files(without)] == [*files(never)]
    differ = [f for f in files(never) if (never / f).read_bytes() != (without / f).read_bytes()]
    # The secrets, and the record of what could be added.
    assert differ == [Path(".env"), Path("features.json")]


def test_an_app_that_lacks_a_feature_it_requires_is_refused(
    extended: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FailedHookException):
        house.bake(extended, tmp_path / "projects", {"guestbook": True, "use_docker": False})

    said = capfd.readouterr().err
    assert "guestbook=True requires use_docker=True: change one of the two." in said
    assert not any((tmp_path / "projects").iterdir())


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"use_docker": False}, 'to add it: {"use_docker": true, "guestbook": true}'),
        ({"guestbook": True}, 'to remove it: {"guestbook": false, "use_docker": false}'),
    ],
)
def test_make_features_names_what_is_added_or_removed_with_it(
    extended: Path, tmp_path: Path, command: Command, answers: dict[str, object], line: str
) -> None:
    project = house.bake(extended, tmp_path / "projects", answers)

    listed = command("python3", "-m", "devtools.features", cwd=project).stdout

    shown = "cruft update --skip-apply-ask --variables-to-update "
    assert line in listed.replace(shown, "").replace("'", "")
