"""Ctrl-C."""

import signal


def raise_keyboard_interrupt() -> None:
    """Makes SIGINT raise ``KeyboardInterrupt``, also in a script's background process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
