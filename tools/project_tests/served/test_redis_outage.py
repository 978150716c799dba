"""Redis, in which limits are counted, is killed under load, and started again empty."""

from collections import Counter

from project_tests.served.site import Answer, Site
from tests.waiting import until


class App:
    """Refreshes its session over and over; it keeps its cookie."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._keep(site.sign_in())

    def refresh(self) -> Answer:
        headers = {"Cookie": self._cookie}
        answer = self._site.ask("POST", "/api/auth/refresh/", {}, headers)
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        self._cookie = answer.cookie("refresh_token")


def test_killed_redis_fails_no_request(site: Site) -> None:
    apps = [App(site) for _ in range(3)]
    requests = [*(app.refresh for app in apps), site.sign_in, site.sign_in]
    with site.load(*requests) as answers:
        until(lambda: len(answers) > 50)
        site.kill_redis()
        until(lambda: len(answers) > 100)
        site.start_redis()
        until(lambda: len(answers) > 150)

    assert Counter(answer.status for answer in answers).keys() == {200}
