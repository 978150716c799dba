"""``DEFAULT_FROM_EMAIL``, the sender of e-mails."""

import re
from email.headerregistry import Address
from email.policy import default as policy
from typing import Any

from core.setting_error import SettingError

EXPECTED = "an address like My Shop <no-reply@shop.example.com>"

_NO_ADDRESS = f"must be {EXPECTED}."
_NAME_AND_ADDRESS = re.compile(r'([^"<>@]+?)\s*<([^<>]+)>')
_ADDRESS = re.compile(r"[\x21-\x7e]{1,64}@[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.I)


def parse(text: str) -> str:
    """The address for a header. Raises ``SettingError`` unless the text is exactly one address."""
    if not text.isprintable():
        raise SettingError("must be one line, without control characters.")
    try:
        return _as_header(text)
    except SettingError:
        raise
    except Exception:
        # Python's parser raises many kinds of errors, such as AttributeError and TypeError.
        raise SettingError(_NO_ADDRESS) from None


def _as_header(text: str) -> str:
    # Python would read ``Acme, Inc. <…>`` as two addresses.
    named = _NAME_AND_ADDRESS.fullmatch(text)
    address = _only_one(str(Address(named[1], addr_spec=_checked(named[2]))) if named else text)
    return str(Address(address.display_name, addr_spec=_checked(address.addr_spec)))


def _only_one(text: str) -> Address:
    header: Any = policy.header_factory("From", text)
    if header.defects or len(header.addresses) != 1:
        raise SettingError(_NO_ADDRESS)
    address: Address = header.addresses[0]
    return address


def _checked(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise SettingError(
            "must have an address in ASCII with a domain (of a domain in other letters, its xn-- "
            "form)."
        )
    return address
