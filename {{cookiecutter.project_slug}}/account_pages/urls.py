"""The URLs of the pages, all below ``/account/``."""

from django.urls import include, path

from account_pages.views import AccountPage, SignUpPage, StartPage

signed_out = [
    path("sign-in/", AccountPage.as_view(template="sign_in"), name="account_sign_in"),
    path("sign-up/", SignUpPage.as_view(), name="account_sign_up"),
    path(
        "forgotten-password/",
        AccountPage.as_view(template="forgotten_password"),
        name="account_forgotten_password",
    ),
]

signed_in = [
    path("", AccountPage.as_view(template="overview"), name="account_overview"),
    path("profile/", AccountPage.as_view(template="profile"), name="account_profile"),
    path("security/", AccountPage.as_view(template="security"), name="account_security"),
    path("devices/", AccountPage.as_view(template="devices"), name="account_devices"),
    path("history/", AccountPage.as_view(template="history"), name="account_history"),
    path("data/", AccountPage.as_view(template="data"), name="account_data"),
]

urlpatterns = [
    path("", StartPage.as_view(), name="account_start"),
    path("account/", include([*signed_out, *signed_in])),
]
