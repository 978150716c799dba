#!/usr/bin/env python
"""Django's command line; in development it uses the embedded servers unless others are set."""

import os
import sys

from config.env import BASE_DIR, env


def use_embedded_servers() -> None:
    """Those that ``make run`` has started, or new ones for the time of this command."""
    from devtools.errors import DevtoolsError
    from devtools.services import attach_or_start

    try:
        os.environ.update(attach_or_start(BASE_DIR))
    except DevtoolsError as error:
        sys.exit(str(error))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if env.boolean("DEBUG", False):
        use_embedded_servers()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
