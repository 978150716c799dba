#!/usr/bin/env python
"""Django's command line; without a ``DATABASE_URL`` in development it uses the embedded servers."""

import os
import sys

from config.env import BASE_DIR, env


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if env.boolean("DEBUG", False) and not env.text("DATABASE_URL"):
        from devtools.services import attach_or_start

        os.environ.update(attach_or_start(BASE_DIR))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
