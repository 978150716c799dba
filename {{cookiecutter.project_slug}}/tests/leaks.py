"""Leaked passwords: a file of some, and a server that has their range API."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from threading import Event, Thread
from typing import Any

from django.core.management import call_command

VALIDATOR = {"NAME": "accounts.services.passwords.validators.LeakedPasswordValidator"}


def digest_of(password: str) -> str:
    return sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def list_of(passwords: Iterable[str], folder: Path, counts: Iterable[int] = ()) -> Path:
    """A file as Have I Been Pwned publishes it."""
    path = folder / "leaked.txt"
    seen = zip_longest(passwords, counts, fillvalue=3)
    lines = [f"{digest_of(str(each))}:{number}\r\n" for each, number in seen]
    path.write_text("".join(sorted(lines)), newline="")
    return path


def file_of(passwords: Iterable[str], folder: Path) -> str:
    """The path of a file as the project reads it."""
    output = folder / "leaked.bloom"
    listed = list_of(list(passwords), folder)
    call_command("build_leaked_passwords", listed, "--output", output, stdout=StringIO())
    return str(output)


class RangeServer(ThreadingHTTPServer):
    """Knows the passwords in ``leaked``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Range)
        self.leaked: list[str] = []
        self.asked: list[str] = []
        """The paths of the requests."""
        self.answer: bytes | None = None
        """Instead of a right one."""
        self.status = 200
        self.may_answer = Event()
        self.may_answer.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/range"

    def lines(self, prefix: str) -> Iterator[str]:
        for digest in map(digest_of, self.leaked):
            if digest.startswith(prefix):
                yield f"{digest[5:]}:7"
        # Padding, as the header asks for.
        yield f"{'0' * 35}:0"


class Range(BaseHTTPRequestHandler):
    server: RangeServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.may_answer.wait(timeout=30)
        text = "\r\n".join(self.server.lines(self.path.rpartition("/")[2]))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(text.encode() if self.server.answer is None else self.server.answer)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def range_server() -> Iterator[RangeServer]:
    with RangeServer() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.may_answer.set()
            server.shutdown()
