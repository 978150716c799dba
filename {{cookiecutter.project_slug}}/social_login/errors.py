"""The errors of signing in with another provider.

After a callback, the front end finds the code of the error in the parameter ``error``.
"""

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied

from accounts.errors import Conflict, Refusal


class AccessDenied(PermissionDenied):
    """The user cancelled at the provider, or the account here is inactive."""

    default_detail = _("The sign-in was cancelled, or the account is not active.")
    default_code = "access_denied"


class AddressNotVerified(PermissionDenied):
    """The provider does not confirm the address, so that it can neither sign up nor be linked."""

    default_detail = _(
        "The provider does not confirm your e-mail address. Sign in in another way, then connect "
        "the provider in your account."
    )
    default_code = "email_not_verified"


class NotInvited(PermissionDenied):
    """Only invited users may sign up, and the address has no valid invitation."""

    default_detail = _("You need an invitation to sign up. Ask an administrator for one.")
    default_code = "not_invited"


class EmailTaken(PermissionDenied):
    """An account has the address, and the provider cannot be connected with it."""

    default_detail = _("An account has this e-mail address. Sign in to it in another way.")
    default_code = "email_taken"


class ProviderFailed(APIException):
    """The provider does not answer, or its answer is refused."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The provider does not respond. Try again in a moment.")
    default_code = "provider_error"


class StateMismatch(PermissionDenied):
    """The sign-in was started in another browser, was completed before, or has expired."""

    default_detail = _("The sign-in was started elsewhere, or has expired. Start again.")
    default_code = "state_mismatch"


class CodeNotValid(Refusal):
    """The one-time code of a callback is unknown, expired or used, or of another browser."""

    default_detail = _("The sign-in has expired or was completed before. Start again.")
    default_code = "sign_in_expired"


class AlreadyConnected(Conflict):
    """The account at the provider is connected with an account here."""

    default_detail = _("This account of the provider is already connected.")
    default_code = "already_connected"
