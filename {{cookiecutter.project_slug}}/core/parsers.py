"""The one parser of the API."""

import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.utils import json

_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)


class JSONParser(parsers.JSONParser):
    """DRF's, with 400 where nesting is too deep for Python, and 415 for what may be anything.

    A lone surrogate is 400 too, in a value as in a key: no text that quotes it can be sent back,
    logged or stored.

    JSON is in UTF-8 (RFC 8259, section 8.1), also where ``charset`` says otherwise: Python takes
    names there that are no encodings of text at all, such as ``zlib``.
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
            # DRF's own reader drops a character that the end of the body has cut.
            text = stream.read().decode()
            parsed: dict[str, Any] = json.loads(text)
            _refuse_lone_surrogates(text, parsed)
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply.") from None
        except UnicodeEncodeError:
            raise ParseError("JSON parse error: a lone surrogate is not a character.") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error: {error}") from None
        return parsed


def _refuse_lone_surrogates(text: str, parsed: Any) -> None:
    """
    Raises:
        UnicodeEncodeError: there is one. UTF-8 has none, so it can only be written as an escape.
    """
    if _SURROGATE.search(text):
        json.dumps(parsed, ensure_ascii=False).encode()
