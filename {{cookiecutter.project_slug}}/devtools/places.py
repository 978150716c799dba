"""The folders for the servers' data, logs and sockets."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devtools.errors import DevtoolsError
from devtools.processes import SystemUser
from devtools.system_user import for_postgres, give, reaches

# The path of a socket has at most about 100 bytes.
_LONGEST_BASE = 60

_NO_BASE = """\
The sockets of the servers need a folder with a short, plain name that all users can enter. {bases}
cannot be used. Set TMPDIR to another folder."""

_UNREACHABLE = """\
PostgreSQL does not run as root, so it runs as {user}, who cannot enter {folder}.
  - Move the project to a folder that others can enter, such as /srv or /opt.
  - Or run this as an ordinary user.
  - Or use a server of your own: set DATABASE_URL in .env."""


@dataclass(frozen=True)
class Place:
    data: Path
    sockets: Path
    # Of PostgreSQL. None is the current user.
    user: SystemUser | None
    durable: bool

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    def log(self, server: str) -> Path:
        return self.data / f"{server}.log"


def durable(folder: Path) -> Place:
    user = for_postgres()
    if not reaches(user, folder):
        raise DevtoolsError(_UNREACHABLE.format(user=user and user.name, folder=folder))
    return Place(folder, _private_folder(user), user, durable=True)


def throwaway() -> Place:
    """A place whose data are deleted with the sockets."""
    user = for_postgres()
    folder = _private_folder(user)
    return Place(folder, folder, user, durable=False)


def _private_folder(user: SystemUser | None) -> Path:
    """A short path, also with a long TMPDIR, that a URL need not quote."""
    bases = [tempfile.gettempdir(), "/tmp"]  # noqa: S108
    for base in bases:
        short = len(base) <= _LONGEST_BASE and re.fullmatch(r"[\w/.-]+", base, re.ASCII)
        if short and reaches(user, Path(base)):
            folder = Path(tempfile.mkdtemp(prefix="devservices-", dir=base))
            give(folder, user)
            return folder
    raise DevtoolsError(_NO_BASE.format(bases=" and ".join(bases)))
