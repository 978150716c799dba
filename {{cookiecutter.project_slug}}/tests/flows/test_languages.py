"""Responses and pages have the language of the request, e-mails that of the account."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.models import User
from devtools.messages import catalogs, translated_folders
from tests.client import Browser
from tests.flows.steps import signed_in_admin
from tests.mailbox import emails_to, link_to
from tests.people import make_user

pytestmark = pytest.mark.django_db

INCORRECT = {
    "en": "The e-mail address or the password is incorrect.",
    "de": "Die E-Mail-Adresse oder das Passwort ist falsch.",
    "es": "La dirección de correo electrónico o la contraseña es incorrecta.",
}


def in_language(code: str) -> Browser:
    return Browser(headers={"accept-language": code})


def reset_email_to(user: User, browser: Browser) -> Any:
    browser.request_reset(user.email)
    [message] = emails_to(user.email)
    return message


@pytest.mark.parametrize(
    ("header", "language"),
    [("en", "en"), ("de-AT,de;q=0.9", "de"), ("es-MX", "es"), ("xx,de;q=0.5", "de"), ("xx", "en")],
)
def test_detail_is_in_the_language_of_the_request_and_the_code_is_not(
    header: str, language: str
) -> None:
    response = in_language(header).sign_in("nobody@example.test", "wrong")

    assert response.json() == {"detail": INCORRECT[language], "code": "incorrect_credentials"}
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]


def test_request_without_a_language_gets_the_default(settings: Any) -> None:
    settings.LANGUAGE_CODE = "es"

    assert Browser().sign_in("nobody@example.test", "x").json()["detail"] == INCORRECT["es"]


def test_language_of_a_request_does_not_last() -> None:
    in_language("de").sign_in("nobody@example.test", "wrong")

    assert Browser().sign_in("nobody@example.test", "x").json()["detail"] == INCORRECT["en"]


def test_field_errors_are_translated() -> None:
    response = in_language("de").sign_up("ada@example.test", password="short")

    assert response.json()["password1"][0].startswith("Dieses Passwort ist zu kurz.")


def test_page_is_translated() -> None:
    page = in_language("de").get(reverse("account_email_verification_sent"))

    assert '<html lang="de">' in page.content.decode()
    assert "Sehen Sie in Ihrem Postfach nach" in page.content.decode()


@pytest.mark.parametrize("language", ["de", "es"])
def test_sentence_is_translated_as_its_file_says(language: str) -> None:
    """Not as a library, or another app, says it."""
    for folder in translated_folders():
        for path, catalog in catalogs(folder).items():
            if catalog.locale_identifier == language:
                translated = [each for each in catalog if each.string and not each.pluralizable]
                said = {str(each.id): each.string for each in translated if each.id}
                with override(language):
                    assert {sentence: gettext(sentence) for sentence in said} == said, path


def test_account_has_the_language_in_which_it_signed_up() -> None:
    in_language("de").sign_up("ada@example.test")

    assert User.objects.get().language == "de"
    [message] = emails_to("ada@example.test")
    assert message.subject == "Bestätigen Sie Ihre E-Mail-Adresse"


def test_email_is_in_the_language_of_the_account_and_not_of_the_request() -> None:
    user = make_user(language="es")

    message = reset_email_to(user, in_language("de"))

    assert message.subject == "Establecer una nueva contraseña"
    assert '<html lang="es">' in str(message.alternatives[0][0])


def test_language_that_the_project_has_no_more_is_the_default() -> None:
    user = make_user(language="xx")

    message = reset_email_to(user, Browser())

    assert message.subject == "Set a new password"
    assert '<html lang="en">' in str(message.alternatives[0][0])


def test_user_changes_the_language(signed_in: Browser, user: User) -> None:
    response = signed_in.change_profile(language="de")

    assert response.json()["language"] == "de"
    assert reset_email_to(user, Browser()).subject == "Neues Passwort festlegen"


def test_language_that_the_project_does_not_have_is_refused(signed_in: Browser) -> None:
    response = signed_in.change_profile(language="xx")

    assert response.status_code == 400
    assert set(response.json()["codes"]) == {"language"}


def test_invited_user_has_the_language_in_which_they_accept(
    settings: Any,
) -> None:
    settings.JWT_ALLAUTH_INVITATIONS = True
    signed_in_admin().invite("ada@example.test")
    invited = in_language("es")
    invited.get(link_to("ada@example.test"))

    assert invited.accept("una frase bastante larga").status_code == 200

    assert User.objects.get(email="ada@example.test").language == "es"
