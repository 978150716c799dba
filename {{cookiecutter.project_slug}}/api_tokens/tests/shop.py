"""A view as an owner writes it, as ``docs/api-tokens.md`` has it, and the project's URLs."""

from typing import Any, ClassVar

from django.urls import include, path
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from api_tokens.models import ApiToken


class OrderList(APIView):
    """Orders."""

    token_scopes = {"GET": "orders:read", "POST": "orders:write"}

    def get(self, request: Request) -> Response:
        return Response(described(request))

    def post(self, request: Request) -> Response:
        return Response(described(request), status=201)

    def delete(self, request: Request) -> Response:
        return Response(status=204)


class CustomerList(APIView):
    """Customers. No token is accepted here."""

    def get(self, request: Request) -> Response:
        return Response(described(request))


class ReportViewSet(ViewSet):
    """Reports. A token reads the latest one only."""

    token_scopes: ClassVar[dict[str, str]] = {}

    def list(self, request: Request) -> Response:
        return Response(described(request))

    @action(detail=False, token_scopes={"GET": "orders:read"})
    def latest(self, request: Request) -> Response:
        return Response(described(request))


router = SimpleRouter()
router.register("api/reports", ReportViewSet, basename="reports")


def described(request: Request) -> dict[str, Any]:
    token = request.auth if isinstance(request.auth, ApiToken) else None
    return {"user": str(request.user.pk), "token": token and token.name}


urlpatterns = [
    path("", include("config.urls")),
    path("api/orders/", OrderList.as_view(), name="orders"),
    path("api/customers/", CustomerList.as_view(), name="customers"),
    path("api/orders-for-people/", OrderList.as_view(token_scopes={}), name="orders-for-people"),
    *router.urls,
]
handler404 = "core.error_responses.not_found"
