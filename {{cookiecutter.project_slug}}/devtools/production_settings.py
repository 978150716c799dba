"""The project's settings, without the static files that are collected for production alone."""

from config.settings import *  # noqa: F403  all of them
from config.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
