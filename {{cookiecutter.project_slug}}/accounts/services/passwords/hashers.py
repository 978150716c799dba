"""How passwords are hashed."""

from django.contrib.auth import hashers


class Argon2PasswordHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's Password Storage Cheat Sheet.

    Two passes over 19 MiB with one lane cost a tenth of the CPU of Django's defaults, so that a
    flood of logins does not take the server down. Hashes made with other parameters stay valid
    and are remade when their owner signs in.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    """KiB."""
    parallelism = 1
