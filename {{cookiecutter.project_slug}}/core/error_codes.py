"""Every error code of the API, for the OpenAPI schema and ``docs/errors.md``.

An app has its errors in its module ``errors``: subclasses of ``APIException``, whose docstrings
say when they occur, and ``FIELD_ERRORS``, the codes of its validators.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from django.apps import apps
from django.utils.module_loading import module_has_submodule
from rest_framework import exceptions as drf
from rest_framework.exceptions import APIException

Error = type[APIException]

STANDARD_ERRORS: dict[Error, str] = {
    drf.ParseError: "The body is not JSON.",
    drf.NotAuthenticated: "The endpoint requires an access token, and the request has none.",
    drf.MethodNotAllowed: "The endpoint does not support the method.",
    drf.UnsupportedMediaType: "The body is not sent as `application/json`.",
    drf.Throttled: "A rate limit is exceeded. `Retry-After` has the seconds to wait.",
}
"""Those of Django REST framework, and when they occur."""

STANDARD_FIELD_ERRORS = {
    "blank": "The text is empty.",
    "date": "A date without a time.",
    "datetime": "A date with a time.",
    "does_not_exist": "There is no such object.",
    "empty": "The list or the object is empty.",
    "incorrect_type": "The key of an object has the wrong type.",
    "invalid": "The value has the wrong type or form.",
    "invalid_choice": "The value is not one of the choices.",
    "invalid_unicode": "The slug has other characters than letters, digits, `_` and `-`.",
    "make_aware": "The time does not exist in the time zone.",
    "max_decimal_places": "The number has too many decimal places.",
    "max_digits": "The number has too many digits.",
    "max_length": "The text or the list is too long.",
    "max_string_length": "The number has too many characters.",
    "max_value": "The number is too large.",
    "max_whole_digits": "The number has too many digits before the decimal point.",
    "min_length": "The text or the list is too short.",
    "min_value": "The number is too small.",
    "not_a_dict": "The value is not an object.",
    "not_a_list": "The value is not a list.",
    "null": "The value is null.",
    "null_characters_not_allowed": "The text has a NUL character.",
    "overflow": "The time or the duration is out of range.",
    "required": "The field is missing.",
    "step_size": "The number is not a multiple of the step.",
    "surrogate_characters_not_allowed": "The text has half of a surrogate pair.",
    "unique": "Another object has the value.",
}
"""Those of Django REST framework's fields for JSON."""


def errors() -> dict[Error, str]:
    """The errors of a whole request, and when they occur."""
    found = dict(STANDARD_ERRORS)
    for module in _modules():
        found |= {error: inspect.getdoc(error) or "" for error in _errors_in(module)}
    return dict(sorted(found.items(), key=lambda item: (item[0].status_code, code_of(item[0]))))


def field_errors() -> dict[str, str]:
    """The codes of a field's errors, and when they occur."""
    found = dict(STANDARD_FIELD_ERRORS)
    for module in _modules():
        found |= getattr(module, "FIELD_ERRORS", {})
    return dict(sorted(found.items()))


def code_of(error: Error) -> str:
    return str(error.default_code)


def codes() -> list[str]:
    return sorted({*map(code_of, errors()), *field_errors()})


def _modules() -> Iterator[ModuleType]:
    for app in apps.get_app_configs():
        if app.module and module_has_submodule(app.module, "errors"):
            yield import_module(f"{app.name}.errors")


def _errors_in(module: ModuleType) -> Iterator[Error]:
    # A class without a code of its own is a base class, or has the response of another error.
    for error in vars(module).values():
        is_error = inspect.isclass(error) and issubclass(error, APIException)
        if is_error and error.__module__ == module.__name__ and "default_code" in vars(error):
            yield error
