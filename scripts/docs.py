"""Collects the documentation of the template and of a project: ``docs.py [build|serve] …``."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from template import ROOT, bake, every_feature, export

PAGES = ROOT / ".build" / "docs" / "pages"
OWN = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md")


def collect() -> None:
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    shutil.copy(ROOT / "README.md", PAGES / "index.md")
    shutil.copytree(ROOT / "pictures", PAGES / "pictures")
    for name in OWN:
        shutil.copy(ROOT / name, PAGES)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "template").mkdir()
        project = bake(export(work / "template"), work / "output", every_feature())
        shutil.copytree(project / "docs", PAGES / "project")


def main(*words: str) -> None:
    collect()
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "zensical", *words])


if __name__ == "__main__":
    main(*sys.argv[1:])
