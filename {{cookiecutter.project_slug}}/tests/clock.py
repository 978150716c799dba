"""Time is moved, never slept through."""

from datetime import timedelta

import time_machine
from django.utils import timezone


def later(seconds: float) -> time_machine.travel:
    """Inside ``with later(10):`` it is ten seconds after now, and stays so."""
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False)
