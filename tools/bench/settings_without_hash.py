"""``bench.settings`` with a cheap password hash, to measure the rest of a login."""

from bench.settings import *  # noqa: F403  all of them

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
