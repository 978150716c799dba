"""``DEFAULT_FROM_EMAIL`` is an address that e-mails can leave with, or is refused at the start."""

from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from core.setting_error import SettingError
from mail.email_url import parse as parse_url
from project_tests.environment import settings_of

NAMED = [
    ("Acme, Inc. <hi@acme.test>", "Acme, Inc."),
    ('"Acme, Inc." <hi@acme.test>', "Acme, Inc."),
    ("Acme: the shop; <hi@acme.test>", "Acme: the shop;"),
    ("Acme (live) <hi@acme.test>", "Acme (live)"),
    ("O'Neil & Söhne <hi@acme.test>", "O'Neil & Söhne"),
    ("Acme <hi@acme.test>", "Acme"),
    ("<hi@acme.test>", ""),
    ("hi@acme.test", ""),
]


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_email_leaves_with_the_name_and_the_address(text: str, name: str) -> None:
    read = settings_of(DEFAULT_FROM_EMAIL=text)["DEFAULT_FROM_EMAIL"]

    EmailMessage("Hello", "Hello", read, ["ada@example.test"]).send()

    [sent] = mail.outbox
    [(found, address)] = getaddresses([str(make_header(decode_header(sent.message()["From"])))])
    assert (found, address) == (name, "hi@acme.test")


@pytest.mark.parametrize(
    "text",
    [
        "nobody",
        "@acme.test",
        "hi@",
        "hi@acme..test",
        ".hi@acme.test",
        "Acme <hi>",
        "Acme <hi@acme.test",
        "Acme <hi@acme.test> and more",
        "hi@acme.test, ada@acme.test",
        "Acme <hi@acme.test>, Ada <ada@acme.test>",
        "Acme <hi there@acme.test>",
        "Acme <hi@bücher.test>",
        "Acme <hï@acme.test>",
        "Acme\nBcc: <hi@acme.test>",
        "Acme\x07 <hi@acme.test>",
        f"{'a' * 65}@acme.test",
        # Python's parser raises AttributeError, TypeError and UnboundLocalError for these.
        "Acme:!];;x",
        "x: ;",
        ".<AcmeA",
        " .;;\\(",
        "=xö@[  ",
    ],
)
def test_what_is_not_one_address_is_refused_by_name(text: str) -> None:
    problems = settings_of(DEFAULT_FROM_EMAIL=text)["ENVIRONMENT_PROBLEMS"]

    assert problems["DEFAULT_FROM_EMAIL"].startswith("DEFAULT_FROM_EMAIL must ")


# EMAIL_URL


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.test", ("mail.test", 25, "", "", False, False)),
        ("smtp+tls://mail.test", ("mail.test", 587, "", "", True, False)),
        ("smtp+ssl://mail.test", ("mail.test", 465, "", "", False, True)),
        ("smtp+tls://ada:p%40%2Fw@mail.test:2525", ("mail.test", 2525, "ada", "p@/w", True, False)),
        ("smtp://[::1]:1025", ("::1", 1025, "", "", False, False)),
    ],
)
def test_mail_server_is_what_the_url_says(url: str, expected: tuple[object, ...]) -> None:
    options = parse_url(url)["OPTIONS"]

    names = ("host", "port", "username", "password", "use_tls", "use_ssl")
    assert tuple(options[name] for name in names) == expected


def test_folder_of_emails_is_an_absolute_one() -> None:
    assert parse_url("filemail:///my%20folder")["OPTIONS"] == {"file_path": "/my folder"}


@pytest.mark.parametrize(
    "url",
    [
        "hunter2",
        "https://ada:hunter2@mail.test",
        "smtps://ada:hunter2@mail.test",
        "smtp://ada:hunter2@",
        "smtp://ada:hunter2@mail.test:port",
        "smtp://ada:hunter2@mail.test:0",
        "smtp://ada:hunter2@mail.test:70000",
        "smtp://ada:hunter2@mail test",
        "smtp://ada:hunter2@[::1",
        "smtp://ada:hunter2@mail.test/path",
        "smtp://ada:hunter2@mail.test?tls=true",
        "smtp://ada:hunter2/x@mail.test",
        "smtp://ada:hunter2?x@mail.test",
        "smtp://ada:hunter2#x@mail.test",
        "smtp://hunter2@mail.test",
        "smtp://:hunter2@mail.test",
        "smtp://",
        "consolemail://hunter2",
        "filemail://hunter2",
        "filemail://",
        "anymail://",
        "anymail://hunter2.evil",
        "anymail://ada:hunter2@postmark",
    ],
)
def test_url_that_cannot_work_is_refused_without_a_part_of_its_password(url: str) -> None:
    with pytest.raises(SettingError) as refused:
        parse_url(url)

    assert "hunter2" not in str(refused.value)
