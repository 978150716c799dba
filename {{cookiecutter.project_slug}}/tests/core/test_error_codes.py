"""Errors: each has a code, and a list has all codes."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.api.fields import TextField
from tests.client import Browser


class Line(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1)


class Order(serializers.Serializer[Any]):
    address = Line()
    lines = Line(many=True)
    tags = serializers.ListField(child=TextField())


def refused(fails: Callable[[Any], Any], data: Any = None) -> dict[str, Any]:
    """The body of the answer of an endpoint of the owner's that calls ``fails`` with the input."""

    class View(APIView):
        authentication_classes: Any = ()
        permission_classes: Any = ()

        def post(self, request: Any) -> Response:
            fails(request.data)
            raise AssertionError("It did not fail.")

    request = APIRequestFactory().post("/api/orders/", data, format="json")
    body: dict[str, Any] = View.as_view()(request).data
    return body


def validate(serializer: type[serializers.Serializer[Any]], **options: Any) -> Callable[[Any], Any]:
    return lambda data: serializer(data=data, **options).is_valid(raise_exception=True)


def test_codes_have_the_fields_of_the_sentences(browser: Browser, db: None) -> None:
    response = browser.call("post", "rest_login", {"email": "no address"})

    assert response.json() == {
        "email": ["Enter a valid email address."],
        "password": ["This field is required."],
        "codes": {"email": ["invalid"], "password": ["required"]},
    }


def test_codes_of_the_request_as_a_whole_are_with_its_sentences() -> None:
    body = refused(validate(Line), ["amount"])

    assert list(body["non_field_errors"]) == [
        "Invalid data. Expected a dictionary, but got list.",
    ]
    assert body["codes"] == {"non_field_errors": ["invalid"]}


def test_parts_of_a_field_are_named_by_their_path() -> None:
    lines = [{"amount": 2}, {"amount": 0}, 3]

    body = refused(validate(Order), {"address": {"amount": "x"}, "lines": lines, "tags": ["a", 1]})

    assert body == {
        "address.amount": ["A valid integer is required."],
        "lines.1.amount": ["Ensure this value is greater than or equal to 1."],
        "lines.2": ["Invalid data. Expected a dictionary, but got int."],
        "tags.1": ["Not a valid string."],
        "codes": {
            "address.amount": ["invalid"],
            "lines.1.amount": ["min_value"],
            "lines.2": ["invalid"],
            "tags.1": ["invalid"],
        },
    }


def test_field_that_is_no_object_has_its_own_error() -> None:
    body = refused(validate(Order), {"address": "x", "lines": [], "tags": []})

    assert body["address"] == ["Invalid data. Expected a dictionary, but got str."]
    assert body["codes"] == {"address": ["invalid"]}


def test_objects_of_a_list_are_named_by_their_number() -> None:
    body = refused(validate(Line, many=True), [{"amount": 1}, {}])

    assert body == {"1.amount": ["This field is required."], "codes": {"1.amount": ["required"]}}


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (PermissionDenied("No.", code="closed"), {"detail": "No.", "code": "closed"}),
        (APIException({"detail": "No.", "until": "noon"}), {"detail": "No.", "code": "error"}),
        (
            PermissionDenied({"until": ["noon"]}),
            {"until": ["noon"], "codes": {"until": ["permission_denied"]}},
        ),
        (
            ValidationError({"until": "noon"}, code="late"),
            {"until": ["noon"], "codes": {"until": ["late"]}},
        ),
    ],
)
def test_error_of_the_owner_has_its_code(error: APIException, body: dict[str, Any]) -> None:
    def fails(_: object) -> None:
        raise error

    assert refused(fails) == body
