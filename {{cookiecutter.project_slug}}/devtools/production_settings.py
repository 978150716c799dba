"""The project's settings, without collected static files."""

from config.settings import *  # noqa: F403  all of them
from config.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
