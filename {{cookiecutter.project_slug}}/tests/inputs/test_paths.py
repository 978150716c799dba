"""Whatever is in a path or a query, the answer is one that the contract knows."""

import string
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Session
from accounts.urls import urlpatterns
from tests.inputs import junk
from tests.inputs.endpoints import METHODS, Endpoint, endpoints
from tests.inputs.facts import hold

pytestmark = pytest.mark.django_db

ROUTES = [str(each.pattern) for each in urlpatterns if each.pattern.converters]
PURPOSES = ["sign_up.", "email_change.", "invitation.", "password_reset.", ""]
parts = st.one_of(
    st.sampled_from(junk.TEXTS).filter(lambda text: len(text) < 5_000),
    junk.any_text,
    st.text(string.ascii_letters + ":.-_=", min_size=1, max_size=80),
    st.binary(max_size=30),
)


def filled(route: str, values: list[str]) -> str:
    """The route with these in place of what stands in angle brackets, each percent-encoded."""
    fixed = iter(values)
    return "/".join(next(fixed) if "<" in part else part for part in route.split("/"))


def as_bytes(part: str | bytes) -> bytes:
    return part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("route", ROUTES)
@given(data=st.data(), method=st.sampled_from(METHODS))
@junk.few
def test_any_part_of_a_path(route: str, method: str, data: Any) -> None:
    sessions = Session.objects.count()
    values = [
        quote(data.draw(st.sampled_from(PURPOSES)).encode() + as_bytes(data.draw(parts)), safe="")
        for _ in range(route.count("<"))
    ]

    response = Client().generic(method, "/api/auth/" + filled(route, values), b"", "")

    hold(response, sessions=sessions, is_page=True)


@given(
    endpoint=st.sampled_from(endpoints()),
    method=st.sampled_from(METHODS),
    query=parts.map(as_bytes).map(quote) | junk.headers,
)
@junk.more
def test_any_query(endpoint: Endpoint, method: str, query: str) -> None:
    sessions = Session.objects.count()

    response = Client().generic(
        method, endpoint.path, b"{}", "application/json", QUERY_STRING=f"format={query}&{query}"
    )

    hold(response, sessions=sessions, is_page=endpoint.is_page)
