"""Mail through the API of a service, by EMAIL_URL alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from config.env import BASE_DIR

SEND = """
import django
django.setup()
from django.core.mail import send_mail
send_mail("Hello", "Hello Ada", None, ["ada@example.test"])
"""


class Service(HTTPServer):
    """Answers as Postmark does; ``received`` holds the token and the e-mail of each request."""

    def __init__(self) -> None:
        self.received: list[tuple[str | None, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        email = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.headers["X-Postmark-Server-Token"], email))
        self.send_response(200)
        self.end_headers()
        answer = {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": email["To"]}
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Not into the output of the tests."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_service_gets_the_e_mail_with_the_token_of_the_url(service: Service) -> None:
    options = {"server_token": "a+token/with=signs", "api_url": service.address}

    subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", SEND],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "EMAIL_URL": f"anymail://postmark?{urlencode(options)}",
        },
        timeout=60,
        check=True,
    )

    [(token, email)] = service.received
    assert token == "a+token/with=signs"
    assert (email["To"], email["TextBody"]) == ("ada@example.test", "Hello Ada")
