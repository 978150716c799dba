from django.urls import path
from rest_framework import throttling as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import urls as project
from core.ratelimit import throttling


class NothingView(APIView):
    """Does nothing but verify the access token and count the limits."""

    def get(self, request: Request) -> Response:
        return Response({})


class OursView(APIView):
    authentication_classes = permission_classes = ()
    throttle_classes: tuple[type[drf.BaseThrottle], ...] = (throttling.RequestThrottle,)

    def get(self, request: Request) -> Response:
        return Response({})


class TheirsView(OursView):
    throttle_classes = (drf.AnonRateThrottle,)


urlpatterns = [
    *project.urlpatterns,
    path("api/bench/nothing/", NothingView.as_view()),
    path("ours", OursView.as_view()),
    path("theirs", TheirsView.as_view()),
]
