"""The project's settings, with the paths of the benchmarks besides its own."""

from config.settings import *  # noqa: F403  all of them

ROOT_URLCONF = "bench.urls"
