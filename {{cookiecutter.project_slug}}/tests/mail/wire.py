"""A server, asked over HTTP by Django's test client: ``browser.handler = Wire(port)``."""

from contextlib import closing
from http.client import HTTPConnection
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test.client import ClientHandler

from devtools.ports import HOST


class Wire(ClientHandler):
    """Stands where the test client calls the application.

    Keeps every answer, with its ``wsgi_request``, for tests that look at all that was said.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self._port = port

    def __call__(self, environ: dict[str, Any]) -> Any:
        request: Any = WSGIRequest(environ)
        with closing(HTTPConnection(HOST, self._port, timeout=60)) as connection:
            connection.request(
                request.method, request.get_full_path(), request.body, dict(request.headers)
            )
            answer = connection.getresponse()
            response: Any = HttpResponse(answer.read(), status=answer.status)
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                response.cookies.load(value)
            else:
                response[name] = value
        response.wsgi_request = request
        self.answers.append(response)
        return response
