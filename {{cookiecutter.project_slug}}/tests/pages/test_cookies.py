"""What a real browser does with cookies of one name."""

from typing import Any

from django.urls import reverse
from playwright.sync_api import Page

from accounts.api.cookies import REFRESH_COOKIE
from accounts.models import User
from tests.people import PASSWORD

POST = """
async ([path, body]) => {
  const headers = {"Content-Type": "application/json"};
  const answer = await fetch(path, {method: "POST", headers, body: JSON.stringify(body)});
  return answer.status;
}
"""


def post(page: Page, name: str, body: dict[str, str]) -> Any:
    return page.evaluate(POST, [reverse(name), body])


def paths_of_refresh_cookies(page: Page) -> list[str]:
    return [c["path"] for c in page.context.cookies() if c["name"] == REFRESH_COOKIE]


def test_cookie_of_another_package_hides_ours_no_more_and_is_deleted(
    page: Page, user: User
) -> None:
    page.goto(reverse("jwt_allauth_email_verified"))
    page.context.add_cookies(
        [{"name": REFRESH_COOKIE, "value": "anothers", "domain": "localhost", "path": "/"}]
    )

    assert post(page, "rest_login", {"email": user.email, "password": PASSWORD}) == 200
    assert sorted(paths_of_refresh_cookies(page)) == ["/", "/api/auth/"]

    assert post(page, "token_refresh", {}) == 200
    assert paths_of_refresh_cookies(page) == ["/api/auth/"]
    assert post(page, "token_refresh", {}) == 200
