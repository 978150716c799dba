"""Shows what children write to their logs, as it comes."""

import sys

from devtools.processes import Child


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Follower:
    """Reads the log of one child while it grows."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._seen = 0
        """Bytes of the log."""

    def skip(self) -> None:
        """What is there by now is not shown."""
        self._seen = self._child.log.stat().st_size

    def show(self) -> None:
        """Prints the new lines with the child's name in front, an unfinished one later."""
        with self._child.log.open("rb") as log:
            log.seek(self._seen)
            for line in log:
                if line.endswith(b"\n"):
                    self._seen += len(line)
                    say(f"{self._child.name:<7}| {line.decode(errors='replace').rstrip()}")
