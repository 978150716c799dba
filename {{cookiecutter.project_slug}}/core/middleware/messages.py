"""Messages for the next page."""

from django.contrib.messages import middleware
from django.http import HttpRequest

from core import errors


class MessageMiddleware(middleware.MessageMiddleware):
    """Only for pages: preparing the messages costs 5 % of a small request to the API."""

    def process_request(self, request: HttpRequest) -> None:
        if not errors.is_below_api(request):
            super().process_request(request)
