"""Writes ``docs/errors.md``: every error code with its status, its sentence and when it occurs.

The page of a feature has the errors of its app.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils import translation

from core import error_codes

_TEXT = """\
# Errors

`python manage.py write_error_docs` writes this page. The errors of an app are in its module
`errors`. The page of a feature lists its own: [features.md](features.md).

Programs compare codes: a sentence is for users, and its wording changes. Later versions may add
codes, so a client must accept one that it does not know.

## Errors of a request

The body is `{{"detail": "<sentence>", "code": "<code>"}}`.

{errors}

## Errors of fields

Invalid input has the status 400. The body has the sentences of each field, as Django REST
framework writes them, and under `codes` the codes of the same fields. In a body with `codes`, every
other name is that of a field, also `code` and `detail`:

```json
{{
  "email": ["This field is required."],
  "password1": ["This password is too common."],
  "codes": {{"email": ["required"], "password1": ["password_too_common"]}}
}}
```

Errors of the request as a whole are under `non_field_errors`. An error of a nested serializer or of
a list has the path of its field as its name, such as `address.city` or `lines.1.amount`: each name
has a list of sentences, never an object. Do not name a field of a serializer `codes`: its sentences
would take the place of the codes.

{fields}
"""


class Command(BaseCommand):
    help = "Writes docs/errors.md."

    def handle(self, *args: Any, **options: Any) -> None:
        page = project() / "docs" / "errors.md"
        page.write_text(render(), encoding="utf-8", newline="\n")


def project() -> Path:
    return Path(apps.get_app_config("core").path).parent


def manifest() -> dict[str, Any]:
    features: dict[str, Any] = json.loads((project() / "features.json").read_bytes())
    return features


@translation.override("en")
def render() -> str:
    features = {path for feature in manifest().values() for path in feature["paths"]}
    errors = [
        (error.status_code, f"`{error_codes.code_of(error)}`", error.default_detail, occurs)
        for error, occurs in error_codes.errors().items()
        if error.__module__.partition(".")[0] not in features
    ]
    fields = [(f"`{code}`", occurs) for code, occurs in error_codes.field_errors().items()]
    return _TEXT.format(
        errors=_table(["status", "code", "sentence", "when"], errors),
        fields=_table(["code", "when"], fields),
    )


def _table(head: list[str], rows: Iterable[tuple[Any, ...]]) -> str:
    return "\n".join(_row(row) for row in [head, ["---"] * len(head), *rows])


def _row(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
