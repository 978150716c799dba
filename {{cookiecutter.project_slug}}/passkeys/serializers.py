"""Credentials, as ``PublicKeyCredential.toJSON()`` writes them, and the responses of the API."""

from typing import Any

from rest_framework import serializers

from accounts.api.fields import TextField
from passkeys.models import NAME_MAX_LENGTH, Passkey

# Characters. A credential id has at most 1,023 bytes (Level 3, section 4).
ID_MAX_LENGTH = 1_364
PART_MAX_LENGTH = 16_384


class PartField(TextField):
    """Bytes in Base64url."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=PART_MAX_LENGTH, trim_whitespace=False, **options)


class PasskeyCredentialInput(serializers.Serializer[Any]):
    id = TextField(max_length=ID_MAX_LENGTH)
    rawId = TextField(max_length=ID_MAX_LENGTH)  # noqa: N815  names of the specification


class AttestationResponseInput(serializers.Serializer[Any]):
    clientDataJSON = PartField()  # noqa: N815
    attestationObject = PartField()  # noqa: N815
    transports = serializers.ListField(
        child=TextField(max_length=20), max_length=10, required=False
    )


class AttestationInput(PasskeyCredentialInput):
    """The new credential of ``navigator.credentials.create()``."""

    response = AttestationResponseInput()


class AssertionResponseInput(serializers.Serializer[Any]):
    clientDataJSON = PartField()  # noqa: N815
    authenticatorData = PartField()  # noqa: N815
    signature = PartField()
    userHandle = PartField(required=False, allow_null=True, allow_blank=True)  # noqa: N815


class AssertionInput(PasskeyCredentialInput):
    """The signature of ``navigator.credentials.get()``."""

    response = AssertionResponseInput()


# The options of the specification, described for clients. ``passkeys.ceremonies`` makes them.


class PasskeyDescriptorOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    type = serializers.CharField()
    transports = serializers.ListField(child=serializers.CharField(), required=False)


class PasskeyRequestOptions(serializers.Serializer[Any]):
    """For `PublicKeyCredential.parseRequestOptionsFromJSON()`."""

    challenge = serializers.CharField()
    rpId = serializers.CharField()  # noqa: N815
    userVerification = serializers.CharField()  # noqa: N815
    allowCredentials = PasskeyDescriptorOutput(many=True, required=False)  # noqa: N815


class PasskeyRpOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class PasskeyUserOutput(PasskeyRpOutput):
    displayName = serializers.CharField()  # noqa: N815


class PasskeyParametersOutput(serializers.Serializer[Any]):
    type = serializers.CharField()
    alg = serializers.IntegerField()


class PasskeySelectionOutput(serializers.Serializer[Any]):
    residentKey = serializers.CharField()  # noqa: N815
    requireResidentKey = serializers.BooleanField()  # noqa: N815
    userVerification = serializers.CharField()  # noqa: N815


class PasskeyCreationOptions(serializers.Serializer[Any]):
    """For `PublicKeyCredential.parseCreationOptionsFromJSON()`."""

    challenge = serializers.CharField()
    rp = PasskeyRpOutput()
    user = PasskeyUserOutput()
    pubKeyCredParams = PasskeyParametersOutput(many=True)  # noqa: N815
    excludeCredentials = PasskeyDescriptorOutput(many=True)  # noqa: N815
    authenticatorSelection = PasskeySelectionOutput()  # noqa: N815


class PasskeyChallengeOutput(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField(help_text="Send it with the credential, within 5 minutes.")


class PasskeyConfirmationInput(serializers.Serializer[Any]):
    credential = AssertionInput()


class PasskeyConfirmationOutput(serializers.Serializer[Any]):
    options = PasskeyRequestOptions()


class PasskeyVerificationOutput(PasskeyConfirmationOutput):
    challenge_id = serializers.CharField(help_text="That of the request.")


class PasskeyRequestOutput(PasskeyChallengeOutput):
    options = PasskeyRequestOptions()


class PasskeyCreationOutput(PasskeyChallengeOutput):
    options = PasskeyCreationOptions()


class PasskeyOutput(serializers.ModelSerializer[Passkey]):
    created = serializers.DateTimeField(source="created_at")
    last_used = serializers.DateTimeField(source="last_used_at", allow_null=True)

    class Meta:
        model = Passkey
        fields: tuple[str, ...] = ("id", "name", "created", "last_used", "backed_up")


class NameField(TextField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=NAME_MAX_LENGTH, **options)
