"""What several flows take in."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

PASSWORD_MAX_LENGTH = 128
"""Long enough for any pass phrase, short enough that hashing one costs what it always costs."""


class PasswordField(serializers.CharField):
    """A password as it was typed, spaces included."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False, **options)


class NewPasswordInput(serializers.Serializer[Any]):
    """A new password, typed twice. The context has the ``user`` whose it will be."""

    new_password1 = PasswordField()
    new_password2 = PasswordField(help_text="The same again.")

    def validate_new_password1(self, password: str) -> str:
        try:
            validate_password(password, self.context.get("user"))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return password

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["new_password1"] != attrs["new_password2"]:
            raise serializers.ValidationError({"new_password2": "The two passwords differ."})
        return attrs
