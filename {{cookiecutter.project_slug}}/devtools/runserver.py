"""Restarts Django's development server when the code changes.

Django's own reloader loads the project twice: the first response would come a second later.
"""

import os
import subprocess
import sys

# Django's exit code for a restart.
_CODE_CHANGED = 3


def main(arguments: list[str]) -> int:
    command = [sys.executable, "manage.py", "runserver", *arguments]
    # The server then exits after a change, and does not start a reloader.
    environment = os.environ | {"RUN_MAIN": "true"}
    while (code := subprocess.call(command, env=environment)) == _CODE_CHANGED:  # noqa: S603
        pass
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
