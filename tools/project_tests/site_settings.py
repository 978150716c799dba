"""The project's own settings, as the environment has them, for ``project_tests.site``."""

from config.settings import *  # noqa: F403  all of them
from config.settings import STORAGES

# Static files are collected for production, not for tests.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
ROOT_URLCONF = "project_tests.site"
