"""Shows what children write to their logs, as it comes."""

import os
import sys

from devtools.processes import Child


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Follower:
    """Reads the log of one child while it grows."""

    def __init__(self, child: Child) -> None:
        self._name = child.name
        self._log = child.log.open("rb")

    def skip(self) -> None:
        """What is there by now is not shown."""
        self._log.seek(0, os.SEEK_END)

    def show(self) -> None:
        """Prints the new lines with the child's name in front."""
        while (line := self._log.readline()).endswith(b"\n"):
            say(f"{self._name:<7}| {line.decode(errors='replace').rstrip()}")
        # The rest of an unfinished line is still to come.
        self._log.seek(-len(line), os.SEEK_CUR)

    def close(self) -> None:
        self._log.close()
