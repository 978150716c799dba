"""``make features``: lists the features of the template, and how to add or remove each one."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

MANIFEST = Path(__file__).resolve().parent.parent / "features.json"

Answers = dict[str, object]


class Feature(TypedDict):
    description: str
    docs: str
    add: Answers
    remove: Answers
    requires: list[str]
    paths: list[str]
    included: bool


Features = dict[str, Feature]


def main() -> None:
    features: Features = json.loads(MANIFEST.read_text(encoding="utf-8"))
    sys.stdout.writelines(f"{line}\n" for line in lines(features))


def lines(features: Features) -> Iterator[str]:
    yield "Included:"
    for name, feature in features.items():
        if feature["included"]:
            yield f"  {name}: {feature['description']} ({feature['docs']})"
            yield f"    if you changed its files, first: {deletion(name, features)}"
            yield f"    to remove it: {command(to_remove(name, features))}"
    yield "Not included:"
    for name, feature in features.items():
        if not feature["included"]:
            yield f"  {name}: {feature['description']}"
            yield f"    to add it: {command(to_add(name, features))}"
    yield "The commands need cruft, and a linked project: docs/features.md."


def command(answers: Answers) -> str:
    return f"cruft update --skip-apply-ask --variables-to-update '{json.dumps(answers)}'"


def deletion(name: str, features: Features) -> str:
    """The command that deletes the files. Those of a feature that is not included do not exist."""
    paths = [path for each in removed_with(name, features) for path in features[each]["paths"]]
    return " ".join(["git rm -rq --ignore-unmatch", *paths])


def to_add(name: str, features: Features) -> Answers:
    """The answers that add a feature and those that it requires."""
    answers: Answers = {}
    for required in features[name]["requires"]:
        answers |= to_add(required, features)
    return answers | features[name]["add"]


def to_remove(name: str, features: Features) -> Answers:
    """The answers that remove a feature and those that require it."""
    answers: Answers = {}
    for each in removed_with(name, features):
        answers |= features[each]["remove"]
    return answers


def removed_with(name: str, features: Features) -> list[str]:
    """The included features that require this one, and itself."""
    names = [name]
    for other, feature in features.items():
        if feature["included"] and name in feature["requires"]:
            names = [*removed_with(other, features), *names]
    return names


if __name__ == "__main__":
    main()
