"""Writes an HTTP file: a request for each operation of the OpenAPI description.

Editors send such requests: REST Client in Visual Studio Code, and httpYac. The access token of the
sign-in goes into the requests that need one.
"""

import json
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]

_HEAD = """\
# The requests of the API. `manage.py write_http_file` writes this file.
# Send the sign-in first: the others use its access token.

@server = {server}
@access = {{{{{login}.response.body.access}}}}
"""
_REQUEST = """
### {summary}
# @name {name}
{method} {{{{server}}}}{path}
"""
_EMPTY = {"string": "", "integer": 0, "number": 0, "boolean": False}


class Command(BaseCommand):
    help = "Writes the requests of the API to a file from which editors send them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="such as api.http")
        parser.add_argument("--server", default="http://localhost:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        description = SchemaGenerator().get_schema(request=None, public=True)
        text = render(description, server=options["server"])
        options["file"].write_text(text, encoding="utf-8", newline="\n")


def render(description: Schema, *, server: str) -> str:
    login = description["paths"][reverse("rest_login")]["post"]["operationId"]
    requests = [
        _request(method, path, operation, description["components"]["schemas"])
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    return _HEAD.format(server=server, login=login) + "".join(requests)


def _request(method: str, path: str, operation: Schema, components: Schema) -> str:
    head = _REQUEST.format(
        # A view without a docstring has none.
        summary=operation.get("summary") or operation["operationId"],
        name=operation["operationId"],
        method=method.upper(),
        # The editor asks for ids, or finds them in variables.
        path=re.sub(r"\{(\w+)\}", r"{{\1}}", path),
    )
    return head + "".join(f"{line}\n" for line in _rest(operation, components))


def _rest(operation: Schema, components: Schema) -> Iterator[str]:
    if any("accessToken" in scheme for scheme in operation["security"]):
        yield "Authorization: Bearer {{access}}"
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        yield "Content-Type: application/json"
        yield ""
        body = _example(content["schema"], components)
        yield json.dumps(body, indent=2, ensure_ascii=False)


def _example(schema: Schema, components: Schema) -> Any:
    if reference := schema.get("$ref"):
        return _example(components[reference.rpartition("/")[2]], components)
    if "example" in schema:
        return schema["example"]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("oneOf", schema.get("allOf")):
        return _example(choices[0], components)
    if schema.get("type") == "array":
        return [_example(schema["items"], components)]
    if schema.get("type") == "object":
        fields = schema.get("properties", {}).items()
        return {name: _example(field, components) for name, field in fields}
    return _EMPTY.get(schema.get("type", ""))
