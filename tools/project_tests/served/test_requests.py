"""What no honest client sends, on the wire to gunicorn: an answer of 4xx, and at once."""

import pytest

from devtools.ports import HOST
from project_tests.served.site import Answer, Site

LIMIT = 65_536
LOGIN = "/api/auth/login/"
PATHS = [LOGIN, "/api/nowhere/", "/admin/login/", "/nowhere"]
KNOWN = f"Host: {HOST}"
CHUNKED = "Transfer-Encoding: chunked"


def send(site: Site, line: str, *headers: str, body: bytes = b"") -> Answer:
    """Without ``Host`` among the headers, with ours."""
    host = [] if any(header.startswith("Host") for header in headers) else [KNOWN]
    head = "\r\n".join([f"{line} HTTP/1.1", *host, *headers, "", ""])
    return site.send(head.encode("latin-1") + body)


@pytest.mark.parametrize("path", PATHS)
def test_too_large_body_is_refused_before_it_is_sent(path: str, site: Site) -> None:
    answer = send(site, f"POST {path}", f"Content-Length: {LIMIT + 1}")

    assert answer.status == 413
    if path.startswith("/api/"):
        assert answer.json()["code"] == "request_too_large"


def test_body_of_a_megabyte_gets_its_answer(site: Site) -> None:
    answer = site.ask("POST", LOGIN, {"email": "a" * 1_000_000})

    assert (answer.status, answer.json()["code"]) == (413, "request_too_large")


def test_largest_body_is_read(site: Site) -> None:
    body = b" " * (LIMIT - 2) + b"{}"
    headers = ("Content-Type: application/json", f"Content-Length: {LIMIT}", "Connection: close")

    answer = send(site, f"POST {LOGIN}", *headers, body=body)

    assert answer.status == 400
    assert "email" in answer.json()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("size", [2, 1_000_000])
def test_body_without_a_length_is_refused(size: int, path: str, site: Site) -> None:
    begun = f"{size:x}\r\n".encode() + b"{}"

    answer = send(site, f"POST {path}", CHUNKED, body=begun)

    assert answer.status == 411
    if path.startswith("/api/"):
        assert answer.json()["code"] == "length_required"


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: many"],
        ["Content-Length: -1"],
        ["Content-Length: +1"],
        ["Content-Length: 0x10"],
        ["Content-Length: ²"],
        ["Content-Length: 1, 2"],
        ["Content-Length: " + "9" * 30],
        ["Content-Length: " + "9" * 5_000],
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: 2", CHUNKED],
        ["Transfer-Encoding: gzip"],
        ["Host: evil.example"],
        ["Host: a b"],
        ["Host: [::1"],
        ["Host: \xff"],
        ["Host: "],
        ["X-Strange: a\x00b"],
        ["Cookie: __Host-sessionid=a\x00b"],
        ['Cookie: __Host-sessionid="aaaaaaaa\\000"'],
        ['Cookie: csrftoken="\\000"'],
        ['Cookie: refresh_token="\\000"'],
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_header_that_makes_no_sense_is_refused(headers: list[str], path: str, site: Site) -> None:
    answer = send(site, f"POST {path}", *headers)

    assert 400 <= answer.status < 500


@pytest.mark.parametrize(
    "target",
    [
        "/api/auth/%ff%fe/",
        "/api/auth/%00/",
        "/api/auth/sessions/%00/",
        "/nowhere/%ed%a0%80",
        "/api/docs/?lang=%00",
        "/api/schema/?format=%00",
        "/admin/login/?next=%00",
        "/api/auth/%",
        "//",
        "/..%2f..%2fetc/passwd",
    ],
)
def test_path_that_makes_no_sense_is_refused(target: str, site: Site) -> None:
    answer = send(site, f"GET {target}", "Accept: */*")

    assert 400 <= answer.status < 500
    if target.startswith("/api/"):
        assert answer.json()["code"]


@pytest.mark.parametrize("path", ["/api/auth/\xff/", "/admin/\xff", "/\x01"])
def test_path_that_no_browser_would_send_is_refused_by_gunicorn(path: str, site: Site) -> None:
    assert send(site, f"GET {path}").status == 400


@pytest.mark.parametrize(
    "target",
    [
        "/api/docs/?lang=%ff",
        "/admin/login/?next=%ff",
        "/admin/%00/",
        "/admin/accounts/user/%00/change/",
        "/api/auth/registration/verification/%00/",
        "/api/auth/password/reset/confirm/%00/%ff/",
    ],
)
def test_page_with_an_odd_address_is_no_failure(target: str, site: Site) -> None:
    assert send(site, f"GET {target}").status < 500


@pytest.mark.parametrize("path", ["/health/live", LOGIN, "/admin/login/", "/nowhere"])
def test_no_header_tells_a_version(path: str, site: Site) -> None:
    headers = send(site, f"GET {path}").headers

    assert headers["Server"] == "gunicorn"
    assert "X-Powered-By" not in headers
