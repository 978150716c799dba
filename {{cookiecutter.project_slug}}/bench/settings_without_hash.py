"""As ``bench.settings``, with passwords that cost nothing: what else a sign-in costs shows."""

from bench.settings import *  # noqa: F403  all of them

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
