"""What must not get into a log, kept out of it wherever it comes from."""

import logging
import re

# A part of a path with so long a run in it is a link's token, whatever a mail program has put
# around it. A UUID is shorter.
_TOKEN_IN_PATH = re.compile(r"(?<=/)[^/\n]*[\w.:%~-]{40,}[^/\n]*")


class LineFormatter(logging.Formatter):
    """Hides the tokens of links: Django logs the path of every request that is refused."""

    def format(self, record: logging.LogRecord) -> str:
        return _TOKEN_IN_PATH.sub("…", super().format(record))
