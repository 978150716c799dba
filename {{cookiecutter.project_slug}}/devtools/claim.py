"""The claim of one process to the servers of a project: a lock on the file ``lock``.

``owner.json`` tells other processes the owner and the URLs. It is valid only during the lock.
"""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from devtools.errors import DevtoolsError

PUBLISHED = "owner.json"

_FOREIGN = """\
{folder} belongs to another user, who has run this project here (root, for example).
  - Run it as that user.
  - Or start with empty databases: move the folder away."""


@dataclass(frozen=True)
class Owner:
    """``address`` is the URL of the web server, if it runs; ``urls`` are those of the servers."""

    pid: int
    command: str
    urls: dict[str, str]
    address: str = ""

    def __str__(self) -> str:
        does = f"serves it at {self.address}" if self.address else "has its servers"
        return f"`{self.command}` (process {self.pid}) {does}"


def claim(folder: Path) -> int | None:
    """Returns the locked file, or None while another process holds the lock."""
    # As root, PostgreSQL runs as another user, who must enter the folder.
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise DevtoolsError(_FOREIGN.format(folder=folder))
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    (folder / PUBLISHED).unlink(missing_ok=True)
    return lock


def publish(folder: Path, owner: Owner) -> None:
    """Replaces ``owner.json`` atomically. Only this user can read it."""
    draft = folder / f"{PUBLISHED}.draft"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(owner)), encoding="utf-8")
    draft.replace(folder / PUBLISHED)


def published(folder: Path) -> Owner | None:
    """Returns None while the owner starts or stops."""
    with suppress(FileNotFoundError):
        return Owner(**json.loads((folder / PUBLISHED).read_text(encoding="utf-8")))
    return None
