"""The documentation is a website without broken links: the project's, and the template's."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from helpers import Bake
from template import ROOT, every_feature, no_feature

BUILD = ("build", "--strict")
NAME = '"Tea" & Töpfe'


def built(folder: Path, *command: str | Path) -> str:
    run = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("answers", [every_feature(), no_feature()], ids=["every", "no"])
def test_site_of_a_project_has_no_broken_link(bake: Bake, answers: dict[str, object]) -> None:
    project = bake(**answers, project_name=NAME)

    built(project, "-m", "zensical", *BUILD)

    home = (project / ".site" / "index.html").read_text(encoding="utf-8")
    assert NAME in unescape(home)
    sessions = (project / ".site" / "sessions" / "index.html").read_text(encoding="utf-8")
    assert 'class="mermaid"' in sessions


def test_site_loads_nothing_from_another_server(bake: Bake) -> None:
    """Except for what the script of Zensical loads: Mermaid, for a diagram."""
    project = bake(**every_feature())
    built(project, "-m", "zensical", *BUILD)
    built(ROOT, ROOT / "scripts" / "docs.py", *BUILD)

    for site in (project / ".site", ROOT / ".build" / "docs" / "site"):
        for page in site.rglob("*.html"):
            tags = re.findall(r"<(?:link|script|img)\b[^>]*>", page.read_text(encoding="utf-8"))
            assert [tag for tag in tags if re.search(r'(?:href|src)="?(?:https?:)?//', tag)] == []


def test_every_page_of_a_project_is_in_the_navigation_or_a_decision(bake: Bake) -> None:
    project = bake(**every_feature())
    pages = {page.name for page in (project / "docs").glob("*.md")}
    navigation = (project / "zensical.toml").read_text(encoding="utf-8")

    assert [page for page in sorted(pages) if f'"{page}"' not in navigation] == []


def test_site_of_the_template_has_no_broken_link() -> None:
    built(ROOT, ROOT / "scripts" / "docs.py", *BUILD)

    site = ROOT / ".build" / "docs" / "site"
    assert (site / "project" / "sessions" / "index.html").is_file()
    pictures = re.findall(r'<img[^>]* src="([^"]+)"', (site / "index.html").read_text("utf-8"))
    assert [name for name in pictures if not (site / name).is_file()] == []
    assert len(pictures) == 4
