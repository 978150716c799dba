"""Ctrl-C."""

import signal


def heed() -> None:
    """Makes SIGINT raise ``KeyboardInterrupt``, also in a script's background process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
