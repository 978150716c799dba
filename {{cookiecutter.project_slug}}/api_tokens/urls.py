from django.urls import path

from api_tokens.flows.management import ApiTokenListView, ApiTokenView

urlpatterns = [
    path("", ApiTokenListView.as_view(), name="api_tokens"),
    path("<slug:token_id>/", ApiTokenView.as_view(), name="api_token"),
]
