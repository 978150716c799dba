"""The refusals of signing in, each with its status and its code."""

from rest_framework import status
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied


class IncorrectCredentials(AuthenticationFailed):
    """One answer for a wrong password, an unknown address and an inactive account."""

    default_detail = "The e-mail address or the password is not correct."
    default_code = "incorrect_credentials"


class EmailNotVerified(AuthenticationFailed):
    default_detail = (
        "Confirm your e-mail address first: open the link that we sent you, or ask for a new "
        "password, whose link confirms the address as well."
    )
    default_code = "email_not_verified"


class TokenNotValid(AuthenticationFailed):
    default_detail = "The token is not valid, or no longer."
    default_code = "token_not_valid"


class ReauthenticationRequired(AuthenticationFailed):
    default_detail = "Sign in again first: you signed in some time ago."
    default_code = "reauthentication_required"


class CsrfFailed(PermissionDenied):
    default_detail = (
        "Send the value of the CSRF cookie in the X-CSRFToken header, from a trusted origin."
    )
    default_code = "csrf_failed"


class RefreshTokenNotAccepted(APIException):
    """What logout says of a refresh token that is missing or not the caller's."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "Send the refresh token of the session to end."
    default_code = "token_not_valid"


class OriginNotAllowed(PermissionDenied):
    default_detail = "Requests from this origin are not accepted."
    default_code = "origin_not_allowed"
