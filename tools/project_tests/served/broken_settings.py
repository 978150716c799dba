"""The project's settings with templates that are not there."""

from config.settings import *  # noqa: F403  all of them
from config.settings import STORAGES, TEMPLATES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
TEMPLATES[0]["DIRS"] = ["/no-such-folder"]
ROOT_URLCONF = "project_tests.site"
