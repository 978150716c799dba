"""A delayed e-mail with a link is not sent once its account has changed."""

from typing import Any

from django.urls import reverse

from accounts.models import User
from mail.models import Mail
from tests.client import Browser
from tests.mail.stage import Stage, states
from tests.people import PASSWORD
from tests.waiting import until

NEW_PASSWORD = "another good pass phrase"
NEW_ADDRESS = "new@example.test"


def request_reset(browser: Browser, address: str) -> None:
    assert browser.call("post", "rest_password_reset", {"email": address}).status_code == 200


def change_password(browser: Browser) -> None:
    change = {
        "old_password": PASSWORD,
        "new_password1": NEW_PASSWORD,
        "new_password2": NEW_PASSWORD,
    }
    assert browser.call("post", "rest_password_change", change).status_code == 200


def state_of_reset() -> str:
    return Mail.objects.get(kind="password_reset").state


def send_again(admin: Browser) -> Any:
    """The action of Django admin, for all dead e-mails."""
    page = reverse("admin:mail_mail_changelist")
    admin.get(page)
    dead = list(Mail.objects.filter(state="dead").values_list("pk", flat=True))
    choice = {"action": "send_again", "_selected_action": dead}
    csrf = {"X-CSRFToken": admin.cookies["csrftoken"].value}
    return admin.post(page, choice, headers=csrf)


def test_reset_from_before_a_new_password_is_not_sent(stage: Stage, user: User) -> None:
    browser = stage.browser()
    browser.sign_in(user.email)
    with stage.hung_worker():
        request_reset(browser, user.email)
        change_password(browser)

    until(lambda: states() == {"obsolete": 1, "sent": 1})
    assert state_of_reset() == "obsolete"
    assert stage.inbox.links_to(user.email) == []


def test_reset_from_before_a_new_address_is_not_sent(stage: Stage, user: User) -> None:
    browser, old_address = stage.browser(), user.email
    browser.sign_in(old_address)
    stage.start_worker()
    browser.call("patch", "rest_user_details", {"email": NEW_ADDRESS})
    until(lambda: states() == {"sent": 2})
    with stage.hung_worker():
        request_reset(browser, old_address)
        assert browser.get(stage.inbox.links_to(NEW_ADDRESS)[0]).status_code == 302

    until(lambda: states() == {"obsolete": 1, "sent": 2})
    assert stage.inbox.links_to(old_address) == []


def test_dead_reset_from_before_a_new_password_is_not_sent_again(stage: Stage, user: User) -> None:
    browser, admin = stage.browser(), stage.browser()
    browser.sign_in(user.email)
    admin.force_login(User.objects.create_superuser(email="root@example.test", password=PASSWORD))
    stage.inbox.answers = {user.email: "550 no such mailbox"}
    stage.start_worker()
    request_reset(browser, user.email)
    until(lambda: states() == {"dead": 1})
    stage.inbox.answers = {}
    change_password(browser)
    until(lambda: states() == {"dead": 1, "sent": 1})

    assert send_again(admin).status_code == 302

    until(lambda: states() == {"obsolete": 1, "sent": 1})
    assert stage.inbox.links_to(user.email) == []
