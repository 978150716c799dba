"""Input fields and serializers that several flows use."""

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from accounts.conf import switches
from accounts.models import User, validate_person_name
from accounts.models.validators import PASSWORD_MAX_LENGTH
from core import email_address

NAME_MAX_LENGTH = User._meta.get_field("first_name").max_length

SEPARATORS = str.maketrans("", "", " -\u00a0")

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class TextField(serializers.CharField):
    """Accepts JSON strings only: a number has lost its leading zeros."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class AddressField(TextField, serializers.EmailField):
    """An e-mail address, normalised to the spelling that is stored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=email_address.MAX_LENGTH, **options)

    def to_internal_value(self, data: Any) -> str:
        address = email_address.normalise(super().to_internal_value(data))
        try:
            email_address.validate(address)
        except DjangoValidationError as error:
            raise serializers.ValidationError(get_error_detail(error)) from None
        return address


class NewAddressField(AddressField):
    """Refuses an address that contains a link: e-mails show it to other users."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[email_address.refuse_link], **options)


class PersonNameField(TextField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=NAME_MAX_LENGTH,
            allow_blank=True,
            validators=[validate_person_name],
            **options,
        )


class ProfileSerializer(serializers.ModelSerializer[User]):
    """The address and ``User.PROFILE_FIELDS``. Further ones take their rules from the model."""

    email = NewAddressField()
    first_name = PersonNameField()
    last_name = PersonNameField()
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)

    class Meta:
        model = User
        fields: tuple[str, ...] = ("email", *User.PROFILE_FIELDS)


class PasswordField(TextField):
    """Keeps spaces at the ends."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=PASSWORD_MAX_LENGTH, trim_whitespace=False, **options)


class NewPasswordInput(serializers.Serializer[Any]):
    new_password1 = PasswordField()
    new_password2 = PasswordField(help_text="The same password again.")

    def validate_new_password1(self, password: str) -> str:
        # Every view passes the user in the context.
        refuse_weak(password, user=self.context["user"])
        return password

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refuse_different(attrs, "new_password1", "new_password2")
        return attrs


def refuse_different(attrs: dict[str, Any], first: str, second: str) -> None:
    if attrs[first] != attrs[second]:
        raise serializers.ValidationError(
            {second: _("The two passwords do not match.")}, code="password_mismatch"
        )


def refuse_weak(password: str, *, user: User) -> None:
    """Applies ``AUTH_PASSWORD_VALIDATORS``; one compares with the user's name and address."""
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise serializers.ValidationError(get_error_detail(error)) from None


class ChallengeField(TextField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=200, trim_whitespace=False, **options)


class CodeField(TextField):
    """Ignores the spaces and hyphens that users type between digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, **options)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).translate(SEPARATORS)


class TrustDeviceField(serializers.BooleanField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            default=False,
            help_text="Do not require the second factor on this device again for a while.",
            **options,
        )


class SecondFactorInput(serializers.Serializer[Any]):
    code = CodeField(
        required=False,
        default="",
        allow_blank=True,
        help_text="Of the authenticator app, or a recovery code; for an account with a second "
        "factor that this session has not shown.",
    )


class CookieAwareSerializer(serializers.Serializer[Any]):
    """Describes ``refresh`` and ``device`` as required where body transport is the default."""

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        for name in {"refresh", "device"} & fields.keys():
            fields[name].required &= not switches.refresh_token_as_cookie
        return fields
