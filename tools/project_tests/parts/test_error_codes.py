"""Codes of lists, of a serializer that has a field of this name, and the list of all codes."""

from typing import Any

from rest_framework import serializers

from core import error_codes
from tests.core.test_error_codes import Line, refused, validate


class WithCodes(serializers.Serializer[Any]):
    codes = serializers.CharField()
    name = serializers.CharField()


def test_field_that_is_named_codes_keeps_its_sentences() -> None:
    body = refused(validate(WithCodes), {})

    assert body == {"codes": ["This field is required."], "name": ["This field is required."]}


def test_codes_of_a_list_have_its_indexes() -> None:
    body = refused(validate(Line, many=True), [{"amount": 1}, {"amount": 0}])

    assert body["codes"] == {"1.amount": ["min_value"]}


def test_every_error_says_when_it_occurs() -> None:
    assert all(error_codes.errors().values())
    assert all(error_codes.field_errors().values())


def test_every_code_is_in_the_description(client: Any) -> None:
    response = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})

    assert response.json()["components"]["schemas"]["ErrorCode"]["enum"] == error_codes.codes()
