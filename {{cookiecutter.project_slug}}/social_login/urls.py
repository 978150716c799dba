from django.urls import path

from social_login.flows.accounts import SocialAccountListView, SocialAccountView
from social_login.flows.callback import CallbackView
from social_login.flows.complete import CompleteView
from social_login.flows.start import ProviderListView, StartView
from social_login.flows.try_out import TryOutPage

urlpatterns = [
    path("providers/", ProviderListView.as_view(), name="social_providers"),
    path("complete/", CompleteView.as_view(), name="social_complete"),
    path("try/", TryOutPage.as_view(), name="social_try_out"),
    path("accounts/", SocialAccountListView.as_view(), name="social_accounts"),
    path("accounts/<uuid:account_id>/", SocialAccountView.as_view(), name="social_account"),
    path("<slug:provider>/start/", StartView.as_view(), name="social_start"),
    path("<slug:provider>/callback/", CallbackView.as_view(), name="social_callback"),
]
