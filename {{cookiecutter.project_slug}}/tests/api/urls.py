"""The project's paths and the views of ``test_authentication``."""

from config.urls import urlpatterns as project
from tests.api.test_authentication import urlpatterns as ours

urlpatterns = [*project, *ours]
