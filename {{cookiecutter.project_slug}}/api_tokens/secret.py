"""The text of a token: ``<prefix>_<id><secret><checksum>``.

The id is that of the row. The checksum refuses a mistyped token without a query, and tells a secret
scanner that what it has found is a token.
"""

import re
import zlib
from dataclasses import dataclass, field
from typing import Self

from django.utils.crypto import get_random_string

from api_tokens import conf
from core import digests

ID_LENGTH = 12
SECRET_LENGTH = 40
"""Letters and digits: 238 bits."""

SHAPE = rf"([0-9A-Za-z]{{{ID_LENGTH}}})([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9a-f]{{8}})"
"""Of what follows the prefix, as a regular expression."""

_PURPOSE = "api_tokens.token"


@dataclass(frozen=True, slots=True)
class Secret:
    id: str
    secret: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        return cls(get_random_string(ID_LENGTH), get_random_string(SECRET_LENGTH))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what cannot be a token."""
        found = re.fullmatch(SHAPE, text.removeprefix(conf.prefix()))
        if found is None or found[3] != _checksum(found[1] + found[2]):
            return None
        return cls(found[1], found[2])

    def write(self) -> str:
        """What the program sends. Nothing stores it."""
        body = self.id + self.secret
        return conf.prefix() + body + _checksum(body)

    def digest(self) -> str:
        return digests.make(_PURPOSE, self.id, self.secret)

    def matches(self, digest: str) -> bool:
        return digests.matches(digest, _PURPOSE, self.id, self.secret)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
