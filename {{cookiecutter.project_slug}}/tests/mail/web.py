"""A process that posts letters, as a web server does: ``python -m tests.mail.web``.

Reads ``post N`` and ``sweep`` from standard input; answers each with the seconds that it took.
"""

import sys
import time

import django

django.setup()

from accounts import letters  # noqa: E402  needs the applications
from mail import outbox, tasks  # noqa: E402


def obey(command: str, number: str = "") -> None:
    if command == "sweep":
        tasks.sweep()
    for index in range(int(number or 0)):
        to = f"person{index}@example.test"
        outbox.post(letters.password_changed, to=to, parameters={"ip": None})


for line in sys.stdin:
    began = time.monotonic()
    obey(*line.split())
    sys.stdout.write(f"{time.monotonic() - began}\n")
    sys.stdout.flush()
