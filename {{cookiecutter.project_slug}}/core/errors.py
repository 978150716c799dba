"""The errors of middleware and of Django's error handlers, each with its status and its code."""

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied


class BadRequest(APIException):
    """The request is malformed, or its `Host` is not one of the API's."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = _("The request is malformed.")
    default_code = "bad_request"


class Forbidden(PermissionDenied):
    """The user, or a permission of the endpoint, does not allow the request."""

    default_detail = _("You do not have permission to do this.")
    default_code = "permission_denied"


class CsrfFailed(PermissionDenied):
    """Django's CSRF check refuses a request before an endpoint gets it."""

    default_detail = _("The CSRF token is missing or incorrect.")
    default_code = "csrf_failed"


class NotFound(APIException):
    """There is no such path or object, or a setting switches the endpoint off."""

    status_code = status.HTTP_404_NOT_FOUND
    default_detail = _("Not found.")
    default_code = "not_found"


class LengthRequired(APIException):
    """The request has a body without a `Content-Length`, such as a chunked one."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = _("The Content-Length header is required.")
    default_code = "length_required"


class RequestTooLarge(APIException):
    """The body is larger than `REQUEST_BODY_MAX_BYTES`."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The request is too large.")
    default_code = "request_too_large"


class ServerError(APIException):
    """The server failed; its log says why."""

    default_detail = _("Something went wrong on our side.")
    default_code = "error"


class Unavailable(APIException):
    """The database is unavailable. `Retry-After` has the seconds to wait."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The service is temporarily unavailable. Try again later.")
    default_code = "unavailable"
