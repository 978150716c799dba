"""Updates the translations: ``make messages``, or ``python -m devtools.messages``.

It collects the marked sentences of the code and the templates, writes them to
``locale/<language>/LC_MESSAGES/django.po``, and compiles each file to ``django.mo``. A language
that is new in ``LANGUAGES`` gets its files. An app with a folder ``locale`` has its own sentences
there, and so have its sections on the pages of another app. It uses Babel: Django's
``makemessages`` needs the programs of GNU gettext.
"""

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation import templatize, to_locale

from config.settings.base import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = {"tests", "migrations", "devtools", "static", "staticfiles", "locale"}
LOCALES = ("*/locale", "*/templates/*/locale")
FUNCTIONS: dict[str, None] = {"_": None, "gettext": None, "gettext_lazy": None}

# What ``templatize`` makes of a marked sentence of a template.
_MARKED = re.compile(r"""\bgettext\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""")


def translated_folders() -> list[Path]:
    """The project, and its apps that have their own translations."""
    found = (path for pattern in LOCALES for path in ROOT.glob(pattern))
    return [ROOT, *sorted(path.parent for path in found)]


def sources(root: Path) -> Iterator[Path]:
    """The Python files and templates that are translated in this folder."""
    others = set(translated_folders()) - {ROOT, root}
    for folder, folders, files in os.walk(root):
        visible = sorted(f for f in folders if f not in LEFT_OUT and not f.startswith("."))
        folders[:] = [f for f in visible if Path(folder, f) not in others]
        paths = (Path(folder, file) for file in sorted(files))
        yield from (path for path in paths if path.suffix in {".py", ".html", ".txt"})


def collect(paths: Iterable[Path]) -> Catalog:
    """The marked sentences of the files, each with the files that have it."""
    catalog = Catalog(charset="utf-8")
    for path in paths:
        for sentence in _sentences(path):
            catalog.add(sentence, locations=[(path.relative_to(ROOT).as_posix(), 1)])
    return catalog


def _sentences(path: Path) -> Iterator[str]:
    if path.suffix == ".py":
        for _, sentence, _, _ in extract_from_file("python", path, keywords=FUNCTIONS):
            yield str(sentence)
    else:
        # A file that is no template, such as a list of requirements, marks nothing.
        for literal in _MARKED.findall(templatize(path.read_text(encoding="utf-8"))):
            yield ast.literal_eval(literal)


def create_missing(root: Path) -> None:
    """Creates an empty file for each language. The sentences themselves are in English."""
    for code in {code for code, _ in LANGUAGES} - {"en"}:
        path = root / "locale" / to_locale(code) / "LC_MESSAGES" / "django.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def catalogs(root: Path) -> dict[Path, Catalog]:
    """The translations of each language, by their file."""
    found = {}
    for path in sorted(root.glob("locale/*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            found[path] = read_po(file, locale=path.parts[-3])
    return found


def update(catalog: Catalog, sentences: Catalog) -> None:
    """Adds new sentences without a translation, and drops those that the project has no more."""
    catalog.update(sentences, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()


def write(path: Path, catalog: Catalog) -> None:
    text = BytesIO()
    write_po(text, catalog, width=100, include_lineno=False)
    path.write_bytes(text.getvalue().strip() + b"\n")
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def untranslated(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id and not message.string]


def main() -> None:
    for folder in translated_folders():
        create_missing(folder)
        translate(folder)


def translate(folder: Path) -> None:
    sentences = collect(sources(folder))
    for path, catalog in catalogs(folder).items():
        update(catalog, sentences)
        write(path, catalog)
        missing = untranslated(catalog)
        lines = [f"{path.relative_to(ROOT)}: {len(missing)} of {len(catalog)} not translated"]
        sys.stdout.write("\n  ".join([*lines, *missing]) + "\n")


if __name__ == "__main__":
    main()
