"""Codes of lists, and of a serializer that has a field of this name."""

from typing import Any

from rest_framework import serializers

from tests.core.test_error_codes import Line, refused, validate


class WithCodes(serializers.Serializer[Any]):
    codes = serializers.CharField()
    name = serializers.CharField()


def test_field_that_is_named_codes_keeps_its_sentences() -> None:
    body = refused(validate(WithCodes), {})

    assert body == {"codes": ["This field is required."], "name": ["This field is required."]}


def test_codes_of_a_list_have_its_indexes() -> None:
    body = refused(validate(Line, many=True), [{"amount": 1}, {"amount": 0}])

    assert body["codes"] == {1: {"amount": ["min_value"]}}
