"""Fields that several flows take in."""

from django.core.validators import MaxLengthValidator

from accounts.flows.login import LoginInput


def test_what_is_done_to_a_request_s_own_field_is_done_to_no_other() -> None:
    form, short = LoginInput(data={}), MaxLengthValidator(3)
    field = form.fields["email"]
    field.required = False
    field.validators.append(short)
    field.error_messages["invalid"] = "no"

    for other in (LoginInput(data={}).fields["email"], LoginInput._declared_fields["email"]):
        assert other.required
        assert short not in other.validators
        assert other.error_messages["invalid"] != "no"
    assert LoginInput(data={}).fields["email"].parent is not form
