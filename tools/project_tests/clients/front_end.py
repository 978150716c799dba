"""The server of a front end: a page, the compiled client, and perhaps a proxy for the API."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast
from urllib.parse import urlsplit

from config.env import BASE_DIR
from devtools.ports import HOST

CLIENT = BASE_DIR / "account_pages" / "static" / "account_pages" / "client.js"
PAGE = b"<!doctype html><title>A front end</title><link rel=icon href=data:,>"


class FrontEnd:
    def __init__(self, port: int) -> None:
        self.port = port
        self.api = ""
        """The address to which ``/api/`` leads. The proxy sends that address as ``Host``."""
        self.outage = 0
        """The status of the proxy, or -1 to close connections without an answer."""

    def url(self, name: str = "localhost") -> str:
        return f"http://{name}:{self.port}"


class Server(ThreadingHTTPServer):
    front_end: FrontEnd


@contextmanager
def front_end() -> Iterator[FrontEnd]:
    with Server((HOST, 0), Handler) as server:
        found = server.front_end = FrontEnd(server.server_port)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._pass_on()
        elif self.path == "/client.js":
            self._answer(200, {"Content-Type": "text/javascript"}, CLIENT.read_bytes())
        else:
            self._answer(200, {"Content-Type": "text/html"}, PAGE)

    def do_POST(self) -> None:
        self._pass_on()

    def do_PATCH(self) -> None:
        self._pass_on()

    def log_message(self, *_: Any) -> None:
        pass

    def _pass_on(self) -> None:
        site = cast(Server, self.server).front_end
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if site.outage < 0:
            self.close_connection = True
        elif site.outage:
            self._answer(site.outage, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>")
        else:
            self._ask(urlsplit(site.api).netloc, body)

    def _ask(self, api: str, body: bytes) -> None:
        headers = {**self.headers, "Host": api}
        with closing(http.client.HTTPConnection(api, timeout=30)) as connection:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        self._answer(answer.status, dict(answer.getheaders()), content, answer.headers)

    def _answer(self, status: int, headers: Any, body: bytes, original: Any = None) -> None:
        self.send_response(status)
        for name, value in (original or headers).items():
            if name.lower() not in {"content-length", "connection", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
