"""Every sentence that users read is marked, and every language has it."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings

from devtools import messages

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|<\w+>")
FEATURES = [folder.name for folder in messages.translated_folders()[1:]]
FOLDERS = ("accounts", "core", "mail", *FEATURES)

FOR_OPERATORS = re.compile(
    r"/(migrations|management|logging|tests)/|checks\.py|_url\.py|sender\.py|core/health\.py"
    r"|core/ratelimit/|core/redis_server\.py|core/setting_error\.py|mail/messages\.py"
    r"|services/sessions/(signing_keys|tokens)\.py|api/csrf\.py|/openapi\.py|core/error_codes\.py"
)
"""Files whose sentences go to the log, to a terminal, to a developer or into documentation."""
FOR_DEVELOPERS = re.compile(r"\.css$|/account_pages/drawer\.html$|/locale/")
SENTENCE = re.compile(r"[A-Z][a-z]+ .*[.?!]", re.DOTALL)
WORDS = re.compile(r"[A-Za-z]{2,}")


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def left_out(node: ast.AST) -> bool:
    """What is marked, a docstring, a part of the OpenAPI documentation or a line of the log."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.keyword):
        return node.arg in {"help_text", "description"}
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]).endswith(("_HELP", "FIELD_ERRORS"))
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
    return called in messages.FUNCTIONS or called.endswith((".record", ".log_change"))


def sentences(path: Path) -> Iterator[str]:
    tree = parsed(path)
    parts = (part for node in ast.walk(tree) if left_out(node) for part in ast.walk(node))
    skipped = {id(part) for part in parts}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if id(node) not in skipped and isinstance(text, str) and SENTENCE.fullmatch(text):
            yield text


def python_files() -> list[Path]:
    every = (path for name in FOLDERS for path in (messages.ROOT / name).rglob("*.py"))
    return sorted(path for path in every if not FOR_OPERATORS.search(path.as_posix()))


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_sentence_of_the_code_is_marked(path: Path) -> None:
    assert list(sentences(path)) == []


def visible(template: str) -> str:
    """What a template shows, without what is marked, tags and markup."""
    marked = r"{% blocktranslate.*?{% endblocktranslate %}|{#.*?#}|<style>.*?</style>"
    # It keeps room until a script has the text, and the name of a page's kind.
    never_seen = r"<\w+ [^>]*data-loading>[^<]*|{% block access %}.*?{% endblock %}"
    text = re.sub(f"{marked}|{never_seen}", "", template, flags=re.DOTALL)
    return unescape(re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", text, flags=re.DOTALL))


def templates() -> list[Path]:
    folders = [messages.ROOT / "templates", *messages.ROOT.glob("*/templates")]
    every = (path for folder in folders for path in folder.rglob("*.*"))
    return sorted(path for path in every if not FOR_DEVELOPERS.search(path.as_posix()))


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_sentence_of_a_template_is_marked(path: Path) -> None:
    assert WORDS.findall(visible(path.read_text(encoding="utf-8"))) == []


every_folder = pytest.mark.parametrize(
    "folder", messages.translated_folders(), ids=lambda path: path.name
)


@every_folder
def test_every_language_has_every_sentence_and_no_other(folder: Path) -> None:
    current = {m.id for m in messages.collect(messages.sources(folder)) if m.id}

    for path, catalog in messages.catalogs(folder).items():
        assert {m.id for m in catalog if m.id} == current, f"{path}: run `make messages`"
        assert messages.untranslated(catalog) == [], path


@every_folder
def test_translation_has_the_placeholders_of_its_sentence(folder: Path) -> None:
    for catalog in messages.catalogs(folder).values():
        for message in catalog:
            if message.id:
                expected = sorted(PLACEHOLDER.findall(str(message.id)))
                assert sorted(PLACEHOLDER.findall(str(message.string))) == expected


@every_folder
def test_compiled_translations_are_those_of_the_sources(folder: Path, tmp_path: Path) -> None:
    for path, catalog in messages.catalogs(folder).items():
        messages.write(tmp_path / "django.po", catalog)

        compiled = (tmp_path / "django.mo").read_bytes()
        assert path.with_suffix(".mo").read_bytes() == compiled, f"{path}: run `make messages`"


@every_folder
def test_every_language_that_is_offered_has_translations(folder: Path) -> None:
    translated = {path.parts[-3] for path in messages.catalogs(folder)}

    assert {code for code, _ in settings.LANGUAGES} == translated | {"en"}


@every_folder
def test_no_sentence_is_the_same_in_two_languages(folder: Path) -> None:
    catalogs = messages.catalogs(folder).values()
    translations = [
        (message.id, message.string) for each in catalogs for message in each if message.id
    ]

    repeated = {pair for pair in translations if translations.count(pair) > 1}
    # A name or a term can be the same.
    assert {pair for pair in repeated if " " in pair[0]} == set()
