"""PostgreSQL is killed under load, and started again on the same data."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from project_tests.served.site import THREADS, Answer, Site
from tests.waiting import until

MANY = 24


@pytest.fixture
def access(site: Site) -> str:
    """Of somebody who is signed in; and every thread of the site has had a connection."""
    access: str = site.sign_in().json()["access"]
    assert Counter(answer.status for answer in at_once(site, access)) == {200: MANY}
    return access


def at_once(site: Site, access: str) -> list[Answer]:
    with ThreadPoolExecutor(THREADS) as clients:
        return list(clients.map(lambda _: site.profile(access), range(MANY)))


def test_killed_database_is_503_until_it_is_back_and_nothing_else(site: Site, access: str) -> None:
    requests = [lambda: site.profile(access)] * 3 + [site.sign_in]
    with site.load(*requests) as answers:
        until(lambda: len(answers) > 20)
        site.kill_database()
        until(lambda: sum(answer.status == 503 for answer in answers) > THREADS)
        site.start_database()
        seen = len(answers)
        until(lambda: sum(answer.status == 200 for answer in answers[seen:]) > 20)

    assert {answer.status for answer in answers} == {200, 503}
    refused = [answer for answer in answers if answer.status == 503]
    assert {answer.headers["Retry-After"] for answer in refused} == {"5"}
    assert {answer.json()["code"] for answer in refused} == {"unavailable"}
    assert max(answer.seconds for answer in refused) < 5
    assert set(Counter(answer.status for answer in at_once(site, access))) == {200}


def test_thread_keeps_its_connection(site: Site, access: str) -> None:
    kept = site.connections()
    assert kept

    assert Counter(answer.status for answer in at_once(site, access)) == {200: MANY}

    used = site.connections()
    assert kept <= used
    assert len(used) <= THREADS


def test_restart_while_nobody_asks_fails_no_request(site: Site, access: str) -> None:
    site.kill_database()
    site.start_database()

    assert Counter(answer.status for answer in at_once(site, access)) == {200: MANY}


def test_page_without_a_database_is_a_page_that_says_when(site: Site) -> None:
    paths, session = (
        ("/admin/", "/health/live", "/health/ready"),
        f"{settings.SESSION_COOKIE_NAME}={'a' * 32}",
    )
    site.kill_database()
    try:
        answer, alive, ready = (
            site.ask("GET", path, headers={"Cookie": session}) for path in paths
        )
    finally:
        site.start_database()

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Temporarily unavailable" in answer.body
    assert (alive.status, ready.status) == (200, 503)
    until(lambda: site.ask("GET", "/health/ready").status == 200)
