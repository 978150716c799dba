"""The port of the web server."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from devtools.errors import DevtoolsError

HOST = "127.0.0.1"
NAME = "localhost"
"""What browsers are told: cookies of ``localhost`` and of ``127.0.0.1`` are not shared."""
_OTHER_HOST = "::1"
USUAL = range(8000, 8100)

_TAKEN = """\
The server cannot use {host}:{port}: {why}.
  - Stop the program that uses it, or set PORT to another number.
  - Or leave PORT unset: the server then uses the first free port from 8000."""


@contextmanager
def reserved(wanted: int) -> Iterator[int]:
    """The wanted port, or for 0 the first free one of the usual ports.

    Until the server binds it, the UDP port of the same number reserves it against other projects.
    """
    if wanted:
        _check(wanted)
        yield wanted
    else:
        number, reservation = _first_free()
        with closing(reservation):
            yield number


def _first_free() -> tuple[int, socket.socket]:
    for number in USUAL:
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with suppress(OSError, DevtoolsError):
            reservation.bind((HOST, number))
            _check(number)
            return number, reservation
        reservation.close()
    raise DevtoolsError(
        f"All ports from {USUAL[0]} to {USUAL[-1]} are in use. Set PORT to another one."
    )


def _check(number: int) -> None:
    try:
        with socket.socket() as server:
            # As the web server does: ignores connections in TIME_WAIT.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((HOST, number))
    except (OSError, OverflowError) as error:
        raise DevtoolsError(_TAKEN.format(host=HOST, port=number, why=error)) from None
    if _answers(_OTHER_HOST, number):
        # Browsers try this address of localhost first.
        raise DevtoolsError(_TAKEN.format(host=f"[{_OTHER_HOST}]", port=number, why="in use"))


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
