"""Ctrl-C. What is started in the background of a script inherits SIGINT as ignored, and Python then
leaves it so."""

import signal


def heed() -> None:
    """From now on SIGINT raises ``KeyboardInterrupt``, and ends the children that are started."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
