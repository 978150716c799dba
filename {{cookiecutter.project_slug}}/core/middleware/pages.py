"""Django's middleware for pages that know their visitor, such as those of Django admin.

Nobody is known by a session below ``API_URL``, so a request there does not pay for it.
"""

from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from core import api_path


class PageMiddleware(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        if api_path.is_below(request):
            return self.get_response(request)
        return super().__call__(request)


class SessionMiddleware(PageMiddleware, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(PageMiddleware, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(PageMiddleware, messages.MessageMiddleware):
    pass
