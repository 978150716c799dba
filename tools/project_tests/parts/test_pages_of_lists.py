"""A list of a view that says nothing of pages comes in pages."""

import pytest
from django.test import Client
from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from mail.models import Mail

pytestmark = pytest.mark.django_db


class MailSerializer(serializers.ModelSerializer[Mail]):
    class Meta:
        model = Mail
        fields = ("id", "kind")


class MailViewSet(viewsets.ModelViewSet[Mail]):
    """A view that says nothing of pages."""

    authentication_classes = permission_classes = ()
    queryset = Mail.objects.order_by("created_at")
    serializer_class = MailSerializer


router = SimpleRouter()
router.register("mails", MailViewSet)
urlpatterns = router.urls


@pytest.mark.urls(__name__)
def test_list_of_a_view_comes_in_pages(client: Client) -> None:
    Mail.objects.bulk_create(Mail(kind=f"kind{n}", due_at="2026-01-01T00:00Z") for n in range(120))

    first = client.get("/mails/").json()
    last = client.get("/mails/?page=3").json()

    assert (first["count"], len(first["results"]), len(last["results"])) == (120, 50, 20)
    assert first["next"].endswith("/mails/?page=2")


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("page", ["0", "4", "x", "9" * 5_000, "%00"])
def test_page_that_does_not_exist_is_404(page: str, client: Client) -> None:
    assert client.get(f"/mails/?page={page}").status_code in {400, 404}
