"""Production's settings for servers on a busy machine, where slow is no outage."""

from core.ratelimit import limiter
from devtools.production_settings import *  # noqa: F403  all of them

limiter.TIMEOUT = 30
