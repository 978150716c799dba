"""The project's own settings, where static files were not collected."""

from config.settings import *  # noqa: F403  all of them

STATIC_ROOT = "/no-such-folder"
