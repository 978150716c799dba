"""An error page needs neither its template nor static files."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.management import call_command
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config import urls
from core.checks import refuse_bad_settings

FAILURES = {
    "400": SuspiciousOperation,
    "403": PermissionDenied,
    "404": Http404,
    "500": RuntimeError,
    "503": OperationalError,
}
MANIFEST = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}


def fails(_: HttpRequest, name: str) -> HttpResponse:
    raise FAILURES[name]


urlpatterns = [path("fails/<name>/", fails), path("api/fails/<name>/", fails)]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

pytestmark = [
    pytest.mark.urls(__name__),
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:No directory at"),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture(params=["a broken template", "no template", "no static files"])
def broken(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> None:
    if request.param == "no static files":
        settings.STATIC_ROOT = tmp_path
        settings.STORAGES = {**settings.STORAGES, "staticfiles": MANIFEST}
        return
    templates = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**templates, "DIRS": [tmp_path], "APP_DIRS": True}]
    if request.param == "a broken template":
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "error.html").write_text("\x7b% extends %}")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("status", FAILURES)
def test_page_is_complete_without_its_template(status: str, client: Client, settings: Any) -> None:
    settings.PROJECT_NAME = "Ada & <Co>"

    response = client.get(f"/fails/{status}/")

    assert response.status_code == int(status)
    assert response["Content-Type"].startswith("text/html")
    assert "<h1>" in response.content.decode()
    assert "Ada &amp; &lt;Co&gt;" in response.content.decode()


@pytest.mark.usefixtures("broken")
def test_broken_page_is_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/fails/404/")

    assert "error page not rendered" in caplog.text


@pytest.mark.usefixtures("broken")
def test_form_without_its_token_is_a_page_without_its_template() -> None:
    response = Client(enforce_csrf_checks=True).post("/fails/404/")

    assert response.status_code == 403
    assert "reload the page" in response.content.decode()


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("path", ["/api/nowhere/", "/api/nowhere"])
def test_api_answers_in_json_without_templates(path: str, client: Client) -> None:
    response = client.get(path)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


# Static files that were not collected


@pytest.fixture
def uncollected(settings: Any, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": MANIFEST}
    return tmp_path


@pytest.mark.usefixtures("uncollected")
def test_missing_static_files_are_in_the_log(caplog: Any) -> None:
    refuse_bad_settings()

    assert "STATIC_ROOT" in caplog.text
    assert "collectstatic" in caplog.text


def test_static_files_of_a_release_before_are_in_the_log(uncollected: Path, caplog: Any) -> None:
    (uncollected / "staticfiles.json").write_text(
        '{"version": "1.1", "hash": "1", "paths": {"pages/pages.css": "pages/pages.1.css"}}'
    )

    refuse_bad_settings()

    assert "STATIC_ROOT" in caplog.text


def test_nothing_is_logged_with_static_files(uncollected: Path, caplog: Any) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)

    refuse_bad_settings()

    assert "STATIC_ROOT" not in caplog.text
