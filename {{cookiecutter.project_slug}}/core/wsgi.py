"""What the WSGI application makes of a request, before any middleware."""

from django.core.handlers.wsgi import WSGIRequest


class Request(WSGIRequest):
    """Everything is in UTF-8. Django would read the query with whatever codec ``charset`` names.

    Python knows some that are no encodings of text, such as ``zlib``, and a query that one of them
    cannot read ends the request before any middleware sees it.
    """

    @property
    def encoding(self) -> str | None:
        return None

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        pass
