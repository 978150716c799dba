"""Fields that owners add to the user model work as in any Django project."""

from pathlib import Path

from helpers import Bake, Command

MIGRATE = ("-m", "django", "makemigrations", "accounts", "--name", "own_fields")
# The settings of the project's tests, which start their own servers.
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "."}

LISTED = '("first_name", "last_name", "language"'
OWN = ', "preferences", "nickname", "referred_by"'
FIELDS = """
    preferences = models.JSONField(default=dict, blank=True)
    nickname = models.CharField(max_length=50, blank=True, db_column="nick")
    referred_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)

    objects = UserManager()
"""

TESTS = '''
"""Fields of an owner."""

import pytest
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import LiveSessionAuthentication
from accounts.models import User
from config.urls import *
from tests.client import Browser
from tests.people import make_user

PREFERENCES = {"theme": "dark", "sizes": [1, 2]}


class Shown(APIView):
    authentication_classes = (LiveSessionAuthentication,)

    def get(self, request):
        user = request.user
        fields = {"preferences": user.preferences, "nickname": user.nickname}
        return Response(fields | {"referred_by": user.referred_by.email})

    def post(self, request):
        request.user.save()
        return Response({})


urlpatterns = [*urlpatterns, path("api/shown/", Shown.as_view(), name="shown")]


@pytest.mark.urls(__name__)
@pytest.mark.django_db
def test_added_fields_are_returned_as_stored():
    fields = {"preferences": PREFERENCES, "nickname": "Ada", "referred_by": make_user()}
    user = make_user(**fields)
    browser = Browser()
    browser.sign_in(user.email)
    browser.refresh()

    assert browser.call("get", "shown").json() == {
        **fields, "referred_by": fields["referred_by"].email
    }
    browser.call("post", "shown", {})
    assert User.objects.get(pk=user.pk).preferences == PREFERENCES


@pytest.mark.django_db
def test_listed_fields_are_taken_at_registration():
    friend = make_user()
    fields = {"preferences": PREFERENCES, "nickname": "Ada", "referred_by": str(friend.pk)}

    Browser().sign_up("ada@example.test", **fields)

    user = User.objects.get(email="ada@example.test")
    assert (user.preferences, user.nickname, user.referred_by) == (PREFERENCES, "Ada", friend)


def test_listed_fields_are_shown_and_changed(user, signed_in):
    fields = {"preferences": PREFERENCES, "nickname": "Ada", "referred_by": str(user.pk)}

    changed = signed_in.call("patch", "rest_user_details", fields)

    assert fields.items() <= changed.json().items()
    assert signed_in.call("get", "rest_user_details").json() == changed.json()


@pytest.mark.parametrize("value", ["nul \\0", {"nul \\0": 1}, [["nul \\0"]]])
def test_json_that_cannot_be_stored_is_refused(value, signed_in):
    response = signed_in.call("patch", "rest_user_details", {"preferences": value})

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


def test_row_that_was_read_in_part_keeps_its_foreign_key(user):
    User.objects.filter(pk=user.pk).update(referred_by=user)
    part = User.objects.only("first_name").get(pk=user.pk)
    part.save()

    assert User.objects.get(pk=user.pk).referred_by == user
'''


def add_fields(project: Path) -> None:
    models = project / "accounts" / "models" / "users.py"
    text = models.read_text()
    assert "\n    objects = UserManager()\n" in text
    assert text.count(LISTED) == 1
    text = text.replace("\n    objects = UserManager()\n", FIELDS).replace(LISTED, LISTED + OWN)
    models.write_text(text)


def test_added_fields_are_stored_shown_and_changed(
    bake: Bake, command: Command, project_python: Path
) -> None:
    project = bake()
    add_fields(project)
    (project / "tests" / "test_own_fields.py").write_text(TESTS)

    migrated = command(project_python, *MIGRATE, cwd=project, env=SETTINGS)
    tested = command(project_python, "-m", "pytest", "-q", "tests/test_own_fields.py", cwd=project)

    assert migrated.returncode == 0, migrated.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr
