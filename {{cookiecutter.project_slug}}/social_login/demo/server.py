"""The provider over HTTP, on this machine only."""

import base64
import html
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from social_login.demo.provider import DemoProvider, Form, RefusedError

HOST = "127.0.0.1"

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Demo ID</title></head>
<body>
<h1>Demo ID</h1>
<p>Sign in with any address. This provider exists in development only.</p>
<form method="post">
<p><label>Address <input name="email" type="email" value="grace@example.com" required></label></p>
<p><label>Name <input name="name" value="Grace Hopper"></label></p>
<p><label><input name="email_verified" type="checkbox" checked> The address is verified</label></p>
<p><button>Continue to {client}</button></p>
</form>
</body>
</html>
"""


class Handler(BaseHTTPRequestHandler):
    provider: DemoProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self._send_json(self.provider.discovery)
        elif parts.path == "/keys":
            self._send_json(self.provider.keys)
        elif parts.path == "/authorize":
            client = html.escape(_form(parts.query).get("client_id", ""))
            self._send(200, _PAGE.format(client=client), "text/html; charset=utf-8")
        else:
            self._send(404, "", "text/plain")

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        form = _form(self.rfile.read(length).decode())
        if parts.path == "/token":
            self._send_json(lambda: self.provider.exchange(self._with_secret(form)))
        elif parts.path == "/authorize":
            self._go_back(_form(parts.query), form)
        else:
            self._send(404, "", "text/plain")

    def _go_back(self, request: Form, person: Form) -> None:
        try:
            address = self.provider.grant(request, person)
        except RefusedError as error:
            self._send(400, str(error), "text/plain")
            return
        self.send_response(303)
        self.send_header("Location", address)
        self.end_headers()

    def _with_secret(self, form: Form) -> Form:
        """HTTP Basic is the other way to send the client's secret."""
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return form
        secret = base64.b64decode(encoded).decode().partition(":")[2]
        return {**form, "client_secret": unquote_plus(secret)}

    def _send_json(self, make: Callable[[], dict[str, Any]]) -> None:
        try:
            self._send(200, json.dumps(make()), "application/json")
        except RefusedError as error:
            self._send(400, json.dumps({"error": str(error)}), "application/json")

    def _send(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Prints nothing."""


def serve(provider: DemoProvider, port: int = 0, name: str = HOST) -> ThreadingHTTPServer:
    """Binds the port, and gives the provider its address. The caller starts the server."""
    handler = type("BoundHandler", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer((HOST, port), handler)
    provider.issuer = f"http://{name}:{server.server_port}"
    return server


def _form(text: str) -> Form:
    return dict(parse_qsl(text, keep_blank_values=True))
