from django.urls import path
from rest_framework import throttling as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import throttling


class OursView(APIView):
    authentication_classes = permission_classes = ()
    throttle_classes: tuple[type[drf.BaseThrottle], ...] = (throttling.AnonRateThrottle,)

    def get(self, request: Request) -> Response:
        return Response({})


class TheirsView(OursView):
    throttle_classes = (drf.AnonRateThrottle,)


urlpatterns = [path("ours", OursView.as_view()), path("theirs", TheirsView.as_view())]
