"""Django's development server, restarted when the code changes.

Django does so from a process that has loaded the whole project first. This one has loaded nothing,
and the first answer comes a second or two sooner.
"""

import os
import subprocess
import sys

_CODE_CHANGED = 3
"""The exit code by which Django's server asks to be started again."""


def main(arguments: list[str]) -> int:
    """Returns the exit code of the server."""
    command = [sys.executable, "manage.py", "runserver", *arguments]
    # By this it knows that somebody starts it again.
    environment = os.environ | {"RUN_MAIN": "true"}
    while (code := subprocess.call(command, env=environment)) == _CODE_CHANGED:  # noqa: S603
        pass
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
