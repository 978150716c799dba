"""The user of PostgreSQL, which refuses to run as root."""

import os
import pwd
import subprocess
from pathlib import Path

from devtools.processes import SystemUser


def for_postgres() -> SystemUser | None:
    """Returns None if PostgreSQL can run as the current user."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return SystemUser("nobody", nobody.pw_uid, nobody.pw_gid)


def reaches(user: SystemUser | None, path: Path) -> bool:
    """Whether the user can enter the folder or run the program."""
    if not user:
        return True
    # Permission bits alone do not decide.
    finished = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", 'test -x "$0"', path],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return finished.returncode == 0


def give(path: Path, user: SystemUser | None) -> None:
    """Makes the user the owner of a folder and its contents."""
    if user:
        for each in (path, *path.rglob("*")):
            os.chown(each, user.uid, user.gid, follow_symlinks=False)
