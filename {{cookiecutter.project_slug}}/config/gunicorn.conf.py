"""How gunicorn serves the project: ``gunicorn --config config/gunicorn.conf.py config.wsgi``."""

import os

from gunicorn import glogging

from core.logs import formatter


class Logger(glogging.Logger):
    """Logs as the project does before Django is there, and in the master, which never loads it.

    The settings are not read here: the master would hand them on to the workers of every reload.
    """

    def setup(self, cfg: object) -> None:
        # Not by super(): of what has no types, mypy lets only names pass.
        glogging.Logger.setup(self, cfg)
        style = os.environ.get("LOG_FORMAT")
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter("line" if style == "line" else "json"))


logger_class = Logger
