"""The one parser of the API."""

from collections.abc import Mapping
from functools import cache
from json import JSONDecoder
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.utils.json import strict_constant


class JSONParser(parsers.JSONParser):
    """DRF's, with 400 where nesting is too deep for Python, and 415 for what may be anything.

    JSON is in UTF-8 (RFC 8259, section 8.1), whatever ``charset`` says: Python takes names there
    that are no encodings of text at all, such as ``zlib``.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if "*" in str(media_type).partition(";")[0]:
            raise UnsupportedMediaType(str(media_type))
        try:
            # DRF's own reader is slower, and drops a character that the end of the body has cut.
            parsed: dict[str, Any] = _decoder(self.strict).decode(stream.read().decode())
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply.") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error: {error}") from None
        return parsed


@cache
def _decoder(strict: bool) -> JSONDecoder:
    """Kept, for ``json.loads`` would make one for each body."""
    return JSONDecoder(parse_constant=strict_constant if strict else None)
