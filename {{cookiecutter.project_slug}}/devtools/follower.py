"""Prints the logs of child processes while they grow."""

import sys

from devtools.processes import Child


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Follower:
    def __init__(self, child: Child) -> None:
        self._child = child
        self._seen_bytes = 0

    def skip(self) -> None:
        """Hides the output so far."""
        self._seen_bytes = self._child.log.stat().st_size

    def show(self) -> None:
        """Prints the new complete lines after the child's name."""
        with self._child.log.open("rb") as log:
            log.seek(self._seen_bytes)
            for line in log:
                if line.endswith(b"\n"):
                    self._seen_bytes += len(line)
                    say(f"{self._child.name:<7}| {line.decode(errors='replace').rstrip()}")
