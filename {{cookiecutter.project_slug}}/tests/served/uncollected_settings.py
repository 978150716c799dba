"""The project's own settings, where static files were not collected."""

from pathlib import Path

from config.settings import *  # noqa: F403  all of them

STATIC_ROOT = Path("/no-such-folder")
