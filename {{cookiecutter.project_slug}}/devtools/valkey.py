"""An embedded Valkey on a Unix socket that only its owner can reach."""

import socket
from pathlib import Path

from devtools import wheels
from devtools.places import Place
from devtools.processes import Children


def start(children: Children, place: Place) -> str:
    """Starts the server and returns its URL."""
    program = wheels.valkey_server()
    place.valkey.mkdir(mode=0o700, exist_ok=True)
    path = place.sockets / "valkey.sock"
    server = children.start(
        "Valkey",
        [
            program,
            *("--port", "0", "--unixsocket", path, "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "yes" if place.durable else "no"),
        ],
        log=place.log("valkey"),
        cwd=place.valkey,
    )
    server.wait_until(lambda: _answers(path))
    return f"unix://{path}"


def _answers(path: Path) -> bool:
    # While Valkey loads its data, it answers PING with an error.
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
        except OSError:
            return False
