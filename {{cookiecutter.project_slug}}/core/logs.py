"""What must not get into a log, kept out of it wherever it comes from."""

import logging
import re

# Longer than a UUID: the token of a link, and no other part of a path of ours.
_TOKEN_IN_PATH = re.compile(r"(?<=/)[\w.:=%~-]{40,}")


class LineFormatter(logging.Formatter):
    """Hides the tokens of links: Django logs the path of every request that is refused."""

    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN_IN_PATH.sub("…", super().format(record))
