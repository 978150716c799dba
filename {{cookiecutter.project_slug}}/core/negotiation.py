"""The format of the API's responses."""

from collections.abc import Iterable

from rest_framework import negotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class ContentNegotiation(negotiation.DefaultContentNegotiation):
    """A view with one renderer ignores ``Accept`` (RFC 9110, section 12.5.1)."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        choice = list(renderers)
        if len(choice) == 1:
            return choice[0], str(choice[0].media_type)
        selected: tuple[BaseRenderer, str] = super().select_renderer(request, choice, format_suffix)
        return selected
