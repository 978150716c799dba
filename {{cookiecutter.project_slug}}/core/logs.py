"""What must not get into a log, kept out of it wherever it comes from."""

import logging
import re

# Longer than a UUID: a link's token, and no path of ours besides.
_LONG_SEGMENT = re.compile(r"(?<=/)[\w.:=%~-]{40,}")


class HideSecretsInPaths(logging.Filter):
    """Django logs the path of a request that is refused, and a link's path holds its token."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = _LONG_SEGMENT.sub("…", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True
