"""The message of ``make run`` when the project serves."""

import json
from collections.abc import Mapping

_ADDRESSES = """
  The project is running.

"""
# feature: account_pages
_ADDRESSES += """\
  Account pages       {address}/account/
"""
# end feature
_ADDRESSES += """\
  API documentation   {address}/{api}docs/
  Django admin        {address}/{admin}
"""
_MAILBOX = """\
  Mailbox             {address}/mailbox/
"""
_DEMO = """\

  Demo accounts:
{accounts}

  Sign in, from another terminal:
  {curl}

"""
_OWN_DATABASE = """\

  Your own database gets no demo accounts. Add an administrator:
  make manage ARGS=createsuperuser

"""
_END = """\
  Ctrl-C stops everything. Data and logs are in {folder}.
"""


def welcome(
    address: str,
    *,
    api: str,
    admin: str,
    mailbox: bool,
    passwords: Mapping[str, str | None],
    folder: str,
) -> str:
    """``passwords`` are None for missing demo accounts and for changed passwords."""
    addresses = _ADDRESSES + (_MAILBOX if mailbox else "")
    accounts = _demo(f"{address}/{api}", passwords) if passwords else _OWN_DATABASE
    return (
        addresses.format(address=address, api=api, admin=admin)
        + accounts
        + _END.format(folder=folder)
    )


def _demo(api: str, passwords: Mapping[str, str | None]) -> str:
    lines = [
        f"  {email:<18}  {password or '(missing, or with another password)'}"
        for email, password in passwords.items()
    ]
    known = {email: password for email, password in passwords.items() if password}
    email, password = next(reversed(known.items()), ("user@example.com", "PASSWORD"))
    return _DEMO.format(accounts="\n".join(lines), curl=sign_in(api, email, password))


def sign_in(api: str, email: str, password: str) -> str:
    """A command for any POSIX shell."""
    url, body = f"{api}auth/login/", json.dumps({"email": email, "password": password})
    return f"curl -s -c jar {url} -H 'Content-Type: application/json' -d '{body}'"
