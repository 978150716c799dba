"""What broken clients and attackers send."""

import json
import string
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

few = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        # The database and the clients stay as they are from one example to the next.
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
"""The same few examples in every run."""
more = settings(few, max_examples=100)
"""For all endpoints together."""

LONG = "x" * 60_000
TEXTS = [
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud800",
        "a\udfff",
        "\u202eexample.test",
        "\ufeff",
        "\u0000\uffff",
    ),
    *("é:€", "%00", "%", "../../etc/passwd", "' OR 1=1 --", "{{7*7}}", "$(id)", "a" * 129, LONG),
    *("\r\nSet-Cookie: a=b", "İ" * 100, "ß" * 300, "a@b", "a@" + "b" * 300 + ".test", "🧑‍🚀" * 40),
    *("\u0661\u0662\u0663\u0664\u0665\u0666", "１２３４５６", "1e309", "-0", "null", "eyJ.eyJ.x"),
]
"""Each was once too much for some program."""
NUMBERS = [0, -1, 1.5, 10**400, -(2**63), 1e308, float("nan"), float("inf"), True, False, None]

any_text = st.text(st.characters(exclude_categories=()), max_size=80)
"""Lone surrogates and control characters included."""
values = st.one_of(
    st.sampled_from(TEXTS),
    any_text,
    st.sampled_from(NUMBERS),
    st.integers(),
    st.lists(st.sampled_from(TEXTS), max_size=3),
    st.dictionaries(any_text, any_text, max_size=3),
)
"""For a field."""

DEEP = 10_000
NO_OBJECTS = [b"[]", b"[{}]", b"null", b"true", b"7", b'"text"']
BODIES: list[bytes] = [
    *(b"", b" ", b"{", b"}", *NO_OBJECTS, b"{}{}", b"\x00"),
    *(b"NaN", b"-Infinity", b"1" * 50_000, b"-", b"1e999999", b'{"a": 1e999999}', b'{"a":NaN}'),
    *(b"\xff\xfe{}", b"\xef\xbb\xbf{}", b'{"email": "\xff"}', b'{"email": "\xed\xa0\x80"}'),
    *(b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    *(b'{"email": "a@b.test", "email": []}', b'{"": ""}', b'{"__proto__": {}}', b"a=b&c=d"),
    *("{}".encode("utf-16"), "{}".encode("utf-32"), b'{"email": "\\ud800"}', b"'{}'", b"{'a': 1}"),
    b"{" + b",".join(b'"%d": 1' % number for number in range(5_000)) + b"}",
]
bodies = st.one_of(st.sampled_from(BODIES), st.binary(max_size=200))

_header_characters = "".join(map(chr, [*range(32, 127), *range(128, 256), 9]))
HEADERS = [
    *("", " ", ",", ";", "=", '"', "\\", "\x00", "\t"),
    *("a" * 8_000, "é", "%00", "*/*;q=x", "\x7f"),
]
headers = st.one_of(st.sampled_from(HEADERS), st.text(_header_characters, max_size=60))
"""As a WSGI server hands them on: every character is one byte."""
cookies = st.one_of(
    headers,
    st.text(string.ascii_letters + string.digits + "._-:=", max_size=200),
    st.sampled_from(
        ["eyJhbGciOiJub25lIn0.e30.", "a.b.c", "...", '"quoted"', "%2e%2e", "a" * 4_096]
    ),
)


def encoded(body: Any) -> bytes:
    """As clients write JSON: in ASCII, with escapes."""
    return json.dumps(body).encode()


def raw(body: Any) -> bytes:
    """In UTF-8, lone surrogates included, which is none any more."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
