"""One mailbox has one spelling: the domain of an address is in its ASCII form."""

from collections.abc import Callable
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import emails
from accounts.models import EmailChange, Session, User
from accounts.services.email_limits import mailbox
from accounts.services.links import bindings
from core.email_address import normalise, validate
from mail import outbox
from mail.models import Mail
from tests.authenticator import enrol
from tests.client import Browser
from tests.limits import Rates, stranger
from tests.mailbox import emails_to, link_to
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

UNICODE, ASCII = "ada@bücher.example", "ada@xn--bcher-kva.example"
UNDELIVERABLE = [
    "ada@xאa.example",
    "ada@" + "ü" * 60 + ".example",
    "ada@" + ".".join(["ü" * 40] * 6) + ".example",
    "ada@☕.example",
    "ada@xn--a.example",
    "ada@xn--.example",
    "ada@ü..example",
    "ada@-ü.example",
    "ada@ü/evil.example",
    "ada@bücher.example.",
    "ada@bücher.example\u3002",
    "\u212aate@example.test",
    "\u017fue@example.test",
    "jürgen@example.test",
    '"ü"@example.test',
]
every_undeliverable = pytest.mark.parametrize("address", UNDELIVERABLE, ids=ascii)
migration: Any = import_module("accounts.migrations.0007_idna_domains")


@pytest.fixture
def ada() -> User:
    return make_user(email=UNICODE)


# The spelling


@pytest.mark.parametrize(
    ("address", "spelling"),
    [
        (UNICODE, ASCII),
        ("Ada@BÜCHER.Example", ASCII),
        ("ada@bu\u0308cher.example", ASCII),
        ("ada@XN--BCHER-KVA.example", ASCII),
        ("ada@bücher\u3002example", ASCII),
        ("ada@ｅｘａｍｐｌｅ.test", "ada@example.test"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("Ada+Books@Example.Test", "ada+books@example.test"),
        ("ada@a--b.example", "ada@a--b.example"),
        (" ada@localhost ", "ada@localhost"),
        ("ada@[192.0.2.1]", "ada@[192.0.2.1]"),
    ],
    ids=ascii,
)
def test_address_has_one_spelling(address: str, spelling: str) -> None:
    assert normalise(address) == normalise(spelling) == spelling
    validate(spelling)


@every_undeliverable
def test_address_that_no_e_mail_can_be_sent_to_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        validate(normalise(address))


def test_length_counts_in_ascii() -> None:
    domain = ".".join(["bücher-und-mehr-bücher-für-alle"] * 6) + ".example"
    address = f"{'a' * 30}@{domain}"

    assert len(address) <= 254 < len(normalise(address))
    with pytest.raises(ValidationError):
        validate(normalise(address))


def test_character_that_resembles_an_ascii_one_is_no_other_mailbox() -> None:
    assert normalise("\u212aate@example.test") != "kate@example.test"


# Where an address comes in


def body_of(name: str, address: str) -> dict[str, str]:
    passwords = {"password": PASSWORD, "password1": PASSWORD, "password2": PASSWORD}
    names = {"first_name": "Ada", "last_name": "O'Brien", "role": "USER"}
    return {"email": address, **passwords, **names}


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("post", "rest_login"),
        ("post", "rest_register"),
        ("post", "rest_password_reset"),
        ("post", "rest_user_register"),
        ("patch", "rest_user_details"),
    ],
)
@every_undeliverable
def test_endpoint_refuses_what_cannot_be_sent_to(
    method: str, name: str, address: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)

    response = admin.call(method, name, body_of(name, address))

    assert response.status_code == 400
    assert response.json()["codes"].keys() == {"email"}
    assert not Mail.objects.exists()


@every_undeliverable
def test_createsuperuser_refuses_what_cannot_be_sent_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    with pytest.raises(CommandError):
        call_command("createsuperuser", "--noinput", email=address)

    assert not User.objects.exists()


@every_undeliverable
def test_account_of_a_script_is_refused_what_cannot_be_sent_to(address: str) -> None:
    with pytest.raises(ValidationError):
        User.objects.create_user(email=address)


@pytest.mark.parametrize("address", ['"a b"@example.test', "a/b@example.test"])
def test_createsuperuser_refuses_what_the_api_refuses(address: str) -> None:
    with pytest.raises(CommandError):
        call_command("createsuperuser", "--noinput", email=address)


def test_createsuperuser_stores_the_one_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", email=UNICODE, verbosity=0)

    with pytest.raises(CommandError, match="already taken"):
        call_command("createsuperuser", "--noinput", email=ASCII)

    assert User.objects.get().email == ASCII


def end_sessions() -> None:
    call_command("end_sessions", user=UNICODE, stdout=StringIO())


def reset_second_factor() -> None:
    enrol(User.objects.get(email=ASCII))
    call_command("reset_second_factor", UNICODE, stdout=StringIO())


@pytest.mark.parametrize("command", [end_sessions, reset_second_factor])
def test_commands_find_either_spelling(command: Callable[[], None], ada: User) -> None:
    command()


def add_in_admin(client: Client, address: str) -> Any:
    person = {"email": address, "first_name": "", "last_name": "", "role": "USER"}
    secret = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return client.post(reverse("admin:accounts_user_add"), person | secret)


def test_admin_stores_the_one_spelling_and_finds_it(client: Client) -> None:
    client.force_login(User.objects.create_superuser(email="root@example.test"))

    assert add_in_admin(client, UNICODE).status_code == 302
    again = add_in_admin(client, ASCII)

    assert "already exists" in again.content.decode()
    listed = client.get(reverse("admin:accounts_user_changelist"), {"q": UNICODE})
    assert ASCII in listed.content.decode()


@every_undeliverable
def test_admin_refuses_what_cannot_be_sent_to(address: str, client: Client) -> None:
    client.force_login(User.objects.create_superuser(email="root@example.test"))

    assert add_in_admin(client, address).status_code == 200
    assert User.objects.count() == 1


def test_admin_sign_in_takes_either_spelling_and_counts_them_as_one(rates: Rates) -> None:
    make_user(email=UNICODE, role=User.Role.ADMIN)
    rates(login_account="2/hour")

    def sign_in(address: str, password: str) -> bool:
        form = {"username": address, "password": password}
        return Client().post(reverse("admin:login"), form).status_code == 302

    assert sign_in(UNICODE, PASSWORD)
    for address in (UNICODE, ASCII):
        assert not sign_in(address, "not the password")
    assert not sign_in(ASCII, PASSWORD)


# What is counted


@pytest.mark.parametrize(
    "address", [UNICODE, ASCII, "ADA+x@Bücher.example", "ada+ü@bücher.example"]
)
def test_mailbox_is_the_same(address: str) -> None:
    assert mailbox(address) == ASCII


# The outbox


def test_e_mail_goes_to_the_one_spelling() -> None:
    """Django alone would write faß.example as fass.example, which is another domain."""
    outbox.post(emails.password_changed, to="ada@faß.example", parameters={"ip": None})

    [message] = emails_to("ada@xn--fa-hia.example")
    assert message.message()["To"] == "ada@xn--fa-hia.example"


def test_link_asked_for_before_addresses_had_one_spelling_works(
    ada: User, browser: Browser
) -> None:
    browser.call("post", "rest_password_reset", {"email": ASCII})
    mail = Mail.objects.get()
    bound_to = bindings.bind(email=UNICODE, password_hash=ada.password)
    Mail.objects.filter(pk=mail.pk).update(recipient=UNICODE, bound_to=bound_to)

    assert browser.get(link_to(ASCII)).status_code == 302


# The migration


def store(user: User, address: str) -> None:
    """As a release before this one did."""
    with connection.cursor() as cursor:
        for table, column in (("accounts_user", "id"), ("account_emailaddress", "user_id")):
            cursor.execute(
                f"UPDATE {table} SET email = %s WHERE {column} = %s",  # noqa: S608  our own names
                [address, user.pk],
            )


def stored(user: User) -> tuple[str, str]:
    user.refresh_from_db()
    return user.email, EmailAddress.objects.get(user=user).email


def migrate(capsys: pytest.CaptureFixture[str]) -> str:
    migration.convert(apps, None)
    return capsys.readouterr().out


def test_migration_converts_stored_addresses(
    user: User, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.sign_in(user.email)
    EmailChange.objects.create(
        user=user,
        session=Session.objects.get(),
        email="eve@example.test",
        expires_at=timezone.now(),
    )
    store(user, UNICODE)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_emailchange SET email = 'eve@bücher.example'")

    assert migrate(capsys) == ""

    assert stored(user) == (ASCII, ASCII)
    assert EmailChange.objects.get().email == "eve@xn--bcher-kva.example"
    assert browser.sign_in(UNICODE).status_code == 200


def test_migration_keeps_and_names_an_account_that_clashes(
    ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_user()
    store(other, UNICODE)

    said = migrate(capsys)

    assert str(other.pk) in said
    assert str(ada.pk) not in said
    assert "ada" not in said
    assert (stored(other), stored(ada)) == ((UNICODE, UNICODE), (ASCII, ASCII))


def test_account_that_clashes_is_given_another_address_in_django_admin(
    ada: User, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_user()
    store(other, UNICODE)
    migrate(capsys)
    client.force_login(User.objects.create_superuser(email="root@example.test"))
    path = reverse("admin:accounts_user_change", args=[other.pk])

    def save(address: str) -> int:
        form = {"email": address, "email_verified": "on", "role": "USER", "is_active": "on"}
        return client.post(path, form).status_code

    assert save(UNICODE) == 200, "somebody else's"
    assert save("another@example.test") == 302
    assert stored(other) == ("another@example.test", "another@example.test")
    assert stored(ada) == (ASCII, ASCII)


def test_migration_gives_the_spelling_to_the_account_that_is_verified(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, verified = make_user(email_verified=False), make_user()
    store(first, "ada@bücher.example")
    store(verified, "ada@bu\u0308cher.example")

    said = migrate(capsys)

    assert str(first.pk) in said
    assert stored(verified) == (ASCII, ASCII)


def test_migration_keeps_and_names_an_address_that_cannot_be_sent_to(
    user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    store(user, "ada@xאa.example")

    assert str(user.pk) in migrate(capsys)

    assert stored(user)[0] == "ada@xאa.example"
    assert User.objects.get(email="ada@xאa.example") == user


def test_migration_can_be_run_again(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    store(user, UNICODE)
    migrate(capsys)

    assert migrate(capsys) == ""


# The core's endpoints


every_spelling = pytest.mark.parametrize("spelling", [UNICODE, ASCII, "Ada@BÜCHER.Example"])


@every_spelling
def test_own_address_in_another_spelling_is_no_change(
    spelling: str, ada: User, browser: Browser
) -> None:
    browser.sign_in(ASCII)

    answer = browser.call("patch", "rest_user_details", {"email": spelling})

    assert (answer.status_code, answer.json().get("pending_email")) == (200, None)


@every_spelling
def test_invitation_and_change_of_an_address_store_the_ascii_form(
    spelling: str, settings: Any
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    admin = Browser()
    admin.sign_in(make_user(role=User.Role.ADMIN).email)

    admin.call("post", "rest_user_register", {"email": spelling, "role": "USER"})
    changed = admin.call("patch", "rest_user_details", {"email": "eve@bücher.example"})

    assert User.objects.filter(email=ASCII, invited_at__isnull=False).exists()
    assert changed.json()["pending_email"] == "eve@xn--bcher-kva.example"


def test_limits_count_all_spellings_as_one(rates: Rates) -> None:
    rates(password_reset_account="2/hour", login_account="2/hour")

    def ask(address: str) -> int:
        answer = stranger().call("post", "rest_password_reset", {"email": address})
        return int(answer.status_code)

    assert [ask(UNICODE), ask(ASCII), ask(UNICODE), ask(ASCII)] == [200, 200, 429, 429]
    guesses = [stranger().sign_in(address, "wrong") for address in (UNICODE, ASCII, UNICODE)]
    assert [guess.status_code for guess in guesses] == [401, 401, 429]
