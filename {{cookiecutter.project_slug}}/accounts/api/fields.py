"""Fields and serializers that several flows use as input."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.conf import switches
from accounts.models import User, validate_person_name
from accounts.models.validators import PASSWORD_MAX_LENGTH
from core import email_address

NAME_MAX_LENGTH = 150
NAME_PATTERN = r"^(?!.*(://|\b[wW]{3}\.))[^\u0000-\u001f\u007f-\u009f]+$"
"""What ``validate_person_name`` lets through, for the API's description."""

SEPARATORS = str.maketrans("", "", " -\u00a0")

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class TextField(serializers.CharField):
    """Text and nothing else: of a number, what was typed before its digits is lost on the way."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class AddressField(TextField, serializers.EmailField):
    """An e-mail address in the one spelling that is stored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=email_address.MAX_LENGTH, **options)

    def to_internal_value(self, data: Any) -> str:
        address = email_address.normalise(super().to_internal_value(data))
        try:
            email_address.validate(address)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return address


class NewAddressField(AddressField):
    """An address that somebody chooses: e-mails name it to others, so it must not carry a link."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[email_address.refuse_link], **options)


@extend_schema_field({"type": "string", "maxLength": NAME_MAX_LENGTH, "pattern": NAME_PATTERN})
class PersonNameField(TextField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=NAME_MAX_LENGTH,
            allow_blank=True,
            validators=[validate_person_name],
            **options,
        )


class PasswordField(TextField):
    """A password as it was typed, spaces included."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False, **options)


class NewPasswordInput(serializers.Serializer[Any]):
    """A new password, typed twice."""

    new_password1 = PasswordField()
    new_password2 = PasswordField(help_text="The same password again.")

    def validate_new_password1(self, password: str) -> str:
        # Views put in the context whose it will be.
        refuse_weak(password, user=self.context["user"])
        return password

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refuse_different(attrs, "new_password1", "new_password2")
        return attrs


def refuse_different(attrs: dict[str, Any], first: str, second: str) -> None:
    """
    Raises:
        ValidationError: for the second field, unless both are the same.
    """
    if attrs[first] != attrs[second]:
        raise serializers.ValidationError({second: "The two passwords do not match."})


def refuse_weak(password: str, *, user: User) -> None:
    """
    Args:
        user: whose it will be: it must not be like their name or address.

    Raises:
        ValidationError: with a sentence for each reason.
    """
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.messages) from None


class ChallengeField(TextField):
    """What the answer to a sign-in named, as it came."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=200, trim_whitespace=False, **options)


class CodeField(TextField):
    """A code as people type it: spaces and hyphens between its digits do not count."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, **options)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).translate(SEPARATORS)


class Carrier(serializers.Serializer[Any]):
    """Something with fields that are only there where cookies carry nothing."""

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        in_cookies = {"refresh", "device"} if switches.refresh_token_as_cookie else set()
        return {name: field for name, field in fields.items() if name not in in_cookies}
