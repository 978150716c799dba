"""The parser of the API's requests."""

import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.utils import json

_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)


class JSONParser(parsers.JSONParser):
    """DRF's parser, which also refuses deep nesting, lone surrogates and wildcard media types.

    Reads UTF-8 only (RFC 8259, section 8.1) and ignores ``charset``: Python knows codecs that are
    no encodings of text, such as ``zlib``.
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
            # DRF decodes incrementally, and drops a character that is cut off at the end.
            text = stream.read().decode()
            parsed: dict[str, Any] = json.loads(text)
            if _SURROGATE.search(text):
                # UTF-8 cannot encode a lone surrogate, so no response, log or row could hold it.
                json.dumps(parsed, ensure_ascii=False).encode()
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply.") from None
        except UnicodeEncodeError:
            raise ParseError("JSON parse error: a lone surrogate is not a character.") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error: {error}") from None
        return parsed
