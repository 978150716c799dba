"""The message of ``make run`` when the project serves: where to go, as whom, and how to stop."""

from collections.abc import Iterable, Mapping

_MESSAGE = """
  {address}{home}   also {others}
  {accounts}
  Ctrl-C stops everything. Data and logs are in {folder}.
"""
_OWN_DATABASE = "Your database gets no demo accounts. Add one: make manage ARGS=createsuperuser"


def welcome(
    address: str,
    *,
    home: str,
    others: Iterable[str],
    passwords: Mapping[str, str | None],
    folder: str,
) -> str:
    """``home`` and ``others`` are paths. ``passwords`` are None for missing demo accounts and for
    changed passwords."""
    return _MESSAGE.format(
        address=address,
        home=home,
        others=", ".join(path for path in others if path != home),
        accounts="   ".join(map(_account, passwords.items())) or _OWN_DATABASE,
        folder=folder,
    )


def _account(account: tuple[str, str | None]) -> str:
    email, password = account
    return f"{email} {password or '(missing, or with another password)'}"
