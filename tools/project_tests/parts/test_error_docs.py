"""docs/errors.md lists the errors of the code, and Django REST framework adds none unnoticed."""

from rest_framework import serializers

from config.env import BASE_DIR
from core import error_codes
from core.management.commands import write_error_docs

# Of files, of hyperlinks and of paths, which no endpoint takes.
_UNUSED = {"incorrect_match", "invalid_image", "no_match", "no_name"}


def test_page_of_errors_is_current() -> None:
    page = (BASE_DIR / "docs" / "errors.md").read_text(encoding="utf-8")

    assert page == write_error_docs.render(), "run: python manage.py write_error_docs"


def test_page_of_a_feature_lists_its_errors() -> None:
    for feature in write_error_docs.manifest().values():
        page = (BASE_DIR / feature["docs"]).read_text(encoding="utf-8")
        for error, occurs in error_codes.errors().items():
            if error.__module__.partition(".")[0] in feature["paths"]:
                row = f"| {error.status_code} | `{error_codes.code_of(error)}` |"
                assert row in page, f"{feature['docs']}: {row} {occurs}"


def test_codes_of_every_field_for_json_are_listed() -> None:
    classes = [each for each in vars(serializers).values() if isinstance(each, type)]
    fields = [each for each in classes if issubclass(each, serializers.Field)]
    codes = {code for field in fields for code in field.default_error_messages}

    assert codes - _UNUSED <= set(error_codes.STANDARD_FIELD_ERRORS)
