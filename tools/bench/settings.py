"""The project's settings, with the additional paths of the benchmark."""

from config.settings import *  # noqa: F403  all of them

ROOT_URLCONF = "bench.urls"
