"""Leaked passwords: those that data breaches have made public (``docs/leaked-passwords.md``).

A local file says whether a password is one, or a server, which learns five digits of its SHA-1.
Without an answer, no password counts as leaked.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha1
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from django.conf import settings

from accounts.models import User
from accounts.services.credentials import Credentials
from accounts.services.passwords import bloom_filter
from accounts.services.passwords.bloom_filter import BloomFilter
from core import digests

TIMEOUT = 1.0
"""Seconds that the server has for its whole response."""
PREFIX_LENGTH = 5
"""Hexadecimal digits of the SHA-1 that the server learns: about a thousand passwords share them."""
RESPONSE_MAX_BYTES = 1_000_000
_PURPOSE = "accounts.leaked_passwords"

logger = logging.getLogger(__name__)


def is_leaked(password: str) -> bool:
    """Asks the file or, without a file, the server. Without both, no password is leaked."""
    if settings.LEAKED_PASSWORDS_FILE:
        return is_in_file(password)
    return bool(settings.LEAKED_PASSWORDS_URL) and _is_on_server(password)


def is_in_file(password: str) -> bool:
    """False without a file."""
    path: str = settings.LEAKED_PASSWORDS_FILE
    if not path:
        return False
    try:
        return _sha1(password) in _load(path)
    except (OSError, ValueError):
        logger.exception("leaked passwords not checked: LEAKED_PASSWORDS_FILE cannot be read")
        return False


def mark_leak_reported(credentials: Credentials) -> bool:
    """Returns True once for each password of an account: the owner has to be told."""
    digest = digests.make(_PURPOSE, credentials.password_hash)
    account = User.objects.filter(pk=credentials.user_id, password=credentials.password_hash)
    return bool(account.exclude(reported_leak=digest).update(reported_leak=digest))


def _is_on_server(password: str) -> bool:
    digest = _sha1(password).hex().upper()
    prefix, rest = digest[:PREFIX_LENGTH], digest[PREFIX_LENGTH:]
    try:
        # The time-out of a socket starts again with each packet, and does not include DNS.
        counts = _pool().submit(_fetch_range, prefix).result(timeout=TIMEOUT)
    except (OSError, HTTPException, ValueError) as error:
        logger.warning("leaked passwords not checked: the server failed: %r", error)
        return False
    # With padding, the server adds some with a count of 0.
    return counts.get(rest, 0) > 0


def _fetch_range(prefix: str) -> dict[str, int]:
    """
    Returns:
        how often each leaked password with this prefix was seen, by the other digits.
    """
    # With padding, the length of an encrypted response does not tell the prefix.
    request = Request(  # noqa: S310  a check of the setting allows http and https alone
        f"{settings.LEAKED_PASSWORDS_URL}/{prefix}", headers={"Add-Padding": "true"}
    )
    with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        text: bytes = response.read(RESPONSE_MAX_BYTES)
    pairs = (line.split(":") for line in text.decode("ascii").splitlines())
    return {rest.upper(): int(count) for rest, count in pairs}


def _sha1(password: str) -> bytes:
    # Another validator refuses lone surrogates.
    return sha1(password.encode(errors="replace"), usedforsecurity=False).digest()


@cache
def _load(path: str) -> BloomFilter:
    return bloom_filter.load(Path(path))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="leaked-passwords")
