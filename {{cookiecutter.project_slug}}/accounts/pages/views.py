"""The views of pages. A setting may switch one off, and the ``anon`` rate limit applies."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.pages.responses import show
from core import error_responses
from core.client_ip import client_key
from core.ratelimit import throttling
from core.ratelimit.throttling import LimitReached


# No CSRF check: a POST needs a secret of the path or of the provider's form, or changes nothing.
@method_decorator(csrf_exempt, name="dispatch")
class Page(View):
    """A page or a link. HEAD, which a mail scanner may send, does nothing."""

    http_method_names: Sequence[str] = ("get", "head")

    @staticmethod
    def is_on() -> bool:
        return True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.is_on():
            raise Http404
        try:
            throttling.hit("anon", of=client_key(request))
        except LimitReached as reached:
            return error_responses.too_many(request, reached)
        return super().dispatch(request, *args, **kwargs)

    def head(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse()


class PlainPage(Page):
    template = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        return show(request, self.template)
