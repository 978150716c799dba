"""A process that owns servers, or attaches to them: says where they are, then waits for its end.

Run as ``python -m project_tests.devtools.owner`` with ``throwaway``, ``attach PROJECT`` or
``own PROJECT``.
"""

import json
import sys
from pathlib import Path

from devtools import services


def tell_and_wait(urls: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(urls) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


match sys.argv[1:]:
    case ["throwaway"]:
        tell_and_wait(services.throwaway())
    case ["attach", project]:
        tell_and_wait(services.attach_or_start(Path(project)))
    case ["own", project]:
        with services.durable(Path(project), "make run") as servers:
            tell_and_wait(servers.urls)
