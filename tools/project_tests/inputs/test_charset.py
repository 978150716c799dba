"""JSON is in UTF-8, with any charset in its content type.

Asked as a server asks, for Django's test client falls over some of the names itself.
"""

import json
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from config.wsgi import application

CHARSETS = [
    *("utf-8", "utf-16", "latin-1", "ascii", "nonsense", "", "utf-8; charset=utf-16", "é", "../x"),
    *("zlib", "bz2", "hex", "base64", "rot13", "punycode", "idna", "unicode_escape", "undefined"),
    *("raw_unicode_escape", "utf-7", "cp037", "mbcs", "uu", "quopri"),
]
"""Those that Python knows are not all of them texts."""


def ask(query: str, body: bytes, content_type: str) -> tuple[str, Any]:
    """The status and the body of the answer to a sign-in."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/api/auth/login/",
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "testserver",
        "wsgi.input": BytesIO(body),
    }
    setup_testing_defaults(environ)
    statuses: list[str] = []
    served: Any = application
    answer = served(environ, lambda status, headers, *_: statuses.append(status))
    answer.close()
    return statuses[0], json.loads(b"".join(answer))


# A server closes the connection after a request.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["", "a=%ff"])
def test_charset_makes_no_difference(query: str) -> None:
    body = json.dumps({"email": "é", "password": "é"}, ensure_ascii=False).encode()
    for charset in CHARSETS:
        status, errors = ask(query, body, f"application/json; charset={charset}")

        assert (status, errors["codes"].keys()) == ("400 Bad Request", {"email"}), charset
