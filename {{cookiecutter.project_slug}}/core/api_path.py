"""Where the API is: ``API_URL`` says it, and everything else asks here."""

from django.conf import settings
from django.http import HttpRequest


def is_below(request: HttpRequest) -> bool:
    return request.path_info.startswith(f"/{settings.API_URL}")
