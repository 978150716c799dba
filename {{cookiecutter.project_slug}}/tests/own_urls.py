"""The paths of ``accounts`` alone: the API of the project may have more."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [path(f"{settings.API_URL}auth/", include("accounts.urls"))]
