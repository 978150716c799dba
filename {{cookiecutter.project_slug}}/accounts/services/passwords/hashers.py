"""Password hashing."""

from django.contrib.auth import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    # OWASP's Password Storage Cheat Sheet. It costs a tenth of the CPU time of Django's defaults.
    time_cost = 2
    memory_cost = 19 * 1024
    """KiB."""
    parallelism = 1
