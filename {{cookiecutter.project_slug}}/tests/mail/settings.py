"""Settings of the processes that the tests of ``tests.mail`` start: the project's own.

What they are set to comes from the environment, as in production (``tests.mail.stage``).
"""

from config.settings import *  # noqa: F403  all of them
from config.settings import STORAGES

# Static files are collected for production, not for tests.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
