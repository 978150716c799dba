"""The request class of the WSGI application."""

from django.core.handlers.wsgi import WSGIRequest


class Request(WSGIRequest):
    """Reads the query as UTF-8, and ignores the ``charset`` of the Content-Type header.

    A codec that encodes no text, such as ``zlib``, would fail before any middleware runs.
    """

    @property
    def encoding(self) -> str | None:
        return None

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        pass
